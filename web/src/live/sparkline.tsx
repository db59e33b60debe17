import { SPARK_POINTS } from './call-row.ts';

const WIDTH = 96;
const HEIGHT = 20;

/** The newest probabilities of a leg as a line; where the leg abstains the line is broken. */
export function Sparkline({ values }: { readonly values: readonly (number | null)[] }) {
  const step = WIDTH / (SPARK_POINTS - 1);
  const left = WIDTH - step * (values.length - 1);
  let path = '';
  let isOn = false;
  values.forEach((value, index) => {
    if (value !== null) {
      const x = (left + step * index).toFixed(1);
      const y = (1 + (HEIGHT - 2) * (1 - value)).toFixed(1);
      path += `${isOn ? 'L' : 'M'}${x} ${y}`;
    }
    isOn = value !== null;
  });
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" focusable="false">
      <path class="spark-base" d={`M0 ${HEIGHT / 2}H${WIDTH}`} />
      <path class="spark-line" d={path} />
    </svg>
  );
}
