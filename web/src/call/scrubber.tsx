import { clockTime } from '../lib/format.ts';
import { S } from '../strings.ts';

const WINDOWS: readonly (number | null)[] = [15, 60, 300, null];

interface Props {
  readonly endSeconds: number;
  readonly cursorSeconds: number | null;
  readonly windowSeconds: number | null;
  readonly isLive: boolean;
  readonly setCursor: (seconds: number | null) => void;
  readonly setWindow: (seconds: number | null) => void;
}

/** Chooses the moment that is looked at, and how much is in sight. */
export function Scrubber(props: Props) {
  const { endSeconds, cursorSeconds, windowSeconds, isLive, setCursor, setWindow } = props;
  const at = cursorSeconds ?? endSeconds;
  return (
    <div class="scrubber">
      <input
        type="range"
        min={0}
        max={endSeconds.toFixed(1)}
        step={0.1}
        value={at}
        aria-label={S.scrubber.label}
        aria-valuetext={`${at.toFixed(1)} s`}
        onInput={({ currentTarget }) => setCursor(Number(currentTarget.value))}
      />
      <output class="num">
        {clockTime(at)} / {clockTime(endSeconds)}
      </output>
      <button type="button" aria-pressed={cursorSeconds === null} onClick={() => setCursor(null)}>
        {isLive ? S.scrubber.follow : S.scrubber.toEnd}
      </button>
      <select
        aria-label={S.scrubber.window}
        value={String(windowSeconds)}
        onChange={({ currentTarget: { value } }) =>
          setWindow(value === 'null' ? null : Number(value))
        }
      >
        {WINDOWS.map((span) => (
          <option key={span} value={String(span)}>
            {span === null ? S.scrubber.all : S.scrubber.last(clockTime(span))}
          </option>
        ))}
      </select>
    </div>
  );
}
