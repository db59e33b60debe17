import { useState } from 'preact/hooks';
import { count, percent } from '../lib/format.ts';
import { S } from '../strings.ts';
import { alertsOf, type Rates } from './base-rate-figures.ts';

/** Per cent for people: two digits that matter. */
const SLIDERS = [
  { key: 'synthetic', min: 0.0001, max: 0.2 },
  { key: 'falseAlerts', min: 0.0005, max: 0.1 },
  { key: 'found', min: 0.05, max: 0.99 },
] as const;

const STEPS = 200;
const SQUARES = 100;

/** Why rare fraud drowns in false alerts, with one's own numbers. */
export function BaseRates() {
  const [rates, setRates] = useState<Rates>({
    calls: 10_000,
    synthetic: 0.001,
    falseAlerts: 0.015,
    found: 0.5,
  });
  const figures = alertsOf(rates);
  return (
    <div class="card base-rates">
      {SLIDERS.map(({ key, min, max }) => (
        <label key={key} class="slider">
          <span>{S.meaning.sliders[key]}</span>
          <output class="num">{shareText(rates[key])}</output>
          <input
            type="range"
            min={0}
            max={STEPS}
            value={placeOf(rates[key], min, max)}
            aria-valuetext={shareText(rates[key])}
            onInput={({ currentTarget }) =>
              setRates({ ...rates, [key]: shareAt(Number(currentTarget.value), min, max) })
            }
          />
        </label>
      ))}
      <p class="sentence" role="status">
        {S.meaning.result({
          calls: count(rates.calls),
          synthetic: count(figures.synthetic),
          found: count(figures.trueAlerts),
          falseAlerts: count(figures.falseAlerts),
          alerts: count(figures.trueAlerts + figures.falseAlerts),
          share: percent(figures.shareTrue),
        })}
      </p>
      <Squares share={figures.shareTrue} />
    </div>
  );
}

/** A hundred alerts; the filled ones are right. */
function Squares({ share }: { readonly share: number | null }) {
  const right = Math.round(SQUARES * (share ?? 0));
  return (
    <figure class="squares">
      <svg viewBox="0 0 250 40" aria-hidden="true">
        {Array.from({ length: SQUARES }, (_, index) => (
          <rect
            key={index}
            class={index < right ? 'right' : ''}
            x={(index % 25) * 10 + 1}
            y={Math.floor(index / 25) * 10 + 1}
            width={8}
            height={8}
            rx={2}
          />
        ))}
      </svg>
      <figcaption class="muted">{S.meaning.squares(right)}</figcaption>
    </figure>
  );
}

/** Sliders go by ratio: between 0.1 and 1 % there is as much room as between 1 and 10 %. */
function shareAt(place: number, min: number, max: number): number {
  return Number((min * (max / min) ** (place / STEPS)).toPrecision(2));
}

function placeOf(share: number, min: number, max: number): number {
  return Math.round((STEPS * Math.log(share / min)) / Math.log(max / min));
}

function shareText(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
