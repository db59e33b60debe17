import { useEffect, useRef, useState } from 'preact/hooks';
import { TraceView } from '../call/trace-view.tsx';
import { askDetectors, detectors } from '../lib/detectors.ts';
import { useStore, useTicks } from '../lib/store.ts';
import { S } from '../strings.ts';
import type { Attempt } from './attempt.ts';
import { AttemptTable } from './attempt-table.tsx';
import { addFiles, addRecording, attempts, isOpening, recording, selected } from './attempts.ts';
import { RAW_ENDINGS } from './decode.ts';
import { canEncodeOpus, type Line } from './line.ts';
import { SpectrogramView } from './spectrogram-view.tsx';

const FIGURES_MS = 150;
const ACCEPTED = ['audio/*', 'video/webm', '.flac', '.opus', ...RAW_ENDINGS.map((e) => `.${e}`)];

/** Recordings and the microphone through a line of one's choice. */
export function TryView() {
  const [line, setLine] = useState<Line>({ codec: 'mulaw', loss: 0 });
  const all = useStore(attempts);
  const chosen = useStore(selected);
  useTicks(FIGURES_MS);
  const attempt = all.find(({ id }) => id === chosen) ?? null;
  return (
    <div class="view try-view">
      <div class="view-head">
        <h1>{S.try.title}</h1>
        <p class="muted">{S.try.intro}</p>
      </div>
      <div class="try-bar">
        <DropZone line={line} />
        <div class="card try-options">
          <LineChoice line={line} setLine={setLine} />
          <RecordButton line={line} />
        </div>
      </div>
      {all.length > 0 && <AttemptTable attempts={all} chosen={attempt} />}
      {attempt !== null && <Shown key={attempt.id} attempt={attempt} />}
    </div>
  );
}

function DropZone({ line }: { readonly line: Line }) {
  const [isOver, setOver] = useState(false);
  const [leftOut, setLeftOut] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const take = (files: FileList | null | undefined) =>
    setLeftOut(addFiles([...(files ?? [])], line));
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut; the button in it does the same
    <div
      class={`drop card${isOver ? ' over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <p>{S.try.drop}</p>
      <button type="button" class="primary" onClick={() => input.current?.click()}>
        {S.try.choose}
      </button>
      <p class="muted small">{S.try.formats}</p>
      {leftOut > 0 && <p class="note warn">{S.try.leftOut(leftOut)}</p>}
      <input
        ref={input}
        type="file"
        class="sr"
        tabIndex={-1}
        aria-label={S.try.choose}
        multiple
        accept={ACCEPTED.join(',')}
        onChange={({ currentTarget }) => {
          take(currentTarget.files);
          currentTarget.value = '';
        }}
      />
    </div>
  );
}

const CODECS = ['mulaw', 'opus', 'as-is'] as const;

function LineChoice({ line, setLine }: { line: Line; setLine: (line: Line) => void }) {
  const [hasOpus, setHasOpus] = useState<boolean | null>(null);
  useEffect(() => {
    void canEncodeOpus().then(setHasOpus);
  }, []);
  return (
    <fieldset class="line-choice">
      <legend>{S.try.line}</legend>
      {CODECS.map((codec) => {
        const isAbsent = codec === 'opus' && hasOpus === false;
        return (
          <label class="check" key={codec}>
            <input
              type="radio"
              name="line"
              value={codec}
              checked={line.codec === codec}
              disabled={codec === 'opus' && hasOpus !== true}
              onChange={() => setLine({ ...line, codec })}
            />
            {S.try.lines[codec]}
            {isAbsent && <span class="muted"> – {S.try.notInThisBrowser}</span>}
          </label>
        );
      })}
      <label class="check">
        <input
          type="checkbox"
          checked={line.loss > 0}
          onChange={({ currentTarget }) =>
            setLine({ ...line, loss: currentTarget.checked ? 0.05 : 0 })
          }
        />
        {S.try.loss}
      </label>
    </fieldset>
  );
}

function RecordButton({ line }: { readonly line: Line }) {
  const running = useStore(recording);
  const isBusy = useStore(isOpening);
  if (running !== null) {
    return (
      <button type="button" class="recording" onClick={() => running.stop()}>
        <span class="dot" aria-hidden="true" />
        {S.try.stop}
      </button>
    );
  }
  return (
    <div>
      <button
        type="button"
        disabled={isBusy}
        onClick={() => void addRecording(S.try.microphone, line)}
      >
        {S.try.record}
      </button>
      <p class="muted small">{S.try.recordHint}</p>
    </div>
  );
}

/** The attempt that was chosen, as it is computed. */
function Shown({ attempt }: { readonly attempt: Attempt }) {
  const known = useStore(detectors);
  useEffect(() => {
    askDetectors().catch(() => {
      // The band is not marked then.
    });
  }, []);
  const { trace, spectrogram, name, state, line, version } = attempt;
  const id = trace.legs[0]?.detector;
  const band = known.find((detector) => detector.id === id)?.band ?? null;
  const isLive = state === 'streaming';
  if (trace.legs.length === 0) {
    return state === 'failed' ? null : <p class="empty">{S.try.states[state]}</p>;
  }
  return (
    <TraceView
      name={name}
      trace={trace}
      version={version + trace.version}
      isLive={isLive}
      about={{ line }}
      above={(range, cursorSeconds) =>
        spectrogram !== null && (
          <SpectrogramView
            picture={spectrogram}
            endSeconds={isLive ? trace.endSeconds : Number.POSITIVE_INFINITY}
            {...{ version, range, cursorSeconds, band }}
          />
        )
      }
    />
  );
}
