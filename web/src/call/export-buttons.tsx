import { readColours } from '../lib/colours.ts';
import { csvOf, download, fileNameOf } from '../lib/download.ts';
import type { CallTrace } from '../lib/trace.ts';
import { S } from '../strings.ts';

interface Props {
  readonly name: string;
  readonly trace: CallTrace;
  readonly about: object;
  readonly canvases: ReadonlyMap<string, HTMLCanvasElement>;
}

/** The call as JSON (all that is known), CSV (a row a score) and PNG (what is in sight). */
export function ExportButtons({ name, trace, about, canvases }: Props) {
  const save = (ending: string, content: Blob) => download(fileNameOf(name, ending), content);
  const json = () =>
    save('json', new Blob([JSON.stringify({ name, ...about, ...contentOf(trace) }, null, 1)]));
  const csv = () => save('csv', new Blob([scoresCsv(trace)], { type: 'text/csv' }));
  const png = () =>
    pictureOf(name, trace, canvases).toBlob((blob) => {
      if (blob !== null) save('png', blob);
    });
  return (
    <div class="buttons">
      <span class="muted">{S.exports.label}</span>
      <button type="button" onClick={json}>
        JSON
      </button>
      <button type="button" onClick={csv}>
        CSV
      </button>
      <button type="button" onClick={png}>
        PNG
      </button>
    </div>
  );
}

function contentOf({ legs, events }: CallTrace): object {
  return {
    legs: legs.map(({ id, role, detector, points, changes, gaps }) => {
      return { id, role, detector, timeline: points, changes, gaps };
    }),
    events: events.map(({ id, event }) => ({ id, ...event })),
  };
}

const HEAD = [
  ...['leg', 'role', 'streamTimeMs', 'speechMs', 'syntheticProbability', 'llr'],
  ...['intervalLow', 'intervalHigh', 'recentProbability', 'recentSpeechMs', 'verdict', 'firm'],
  ...['abstain', 'levelDbfs', 'bandwidthHz', 'clippedShare', 'lostMs', 'latencyMs', 'detector'],
];

function scoresCsv({ legs }: CallTrace): string {
  const rows = legs.flatMap(({ id, role, detector, points, latenciesMs }) =>
    points.map((p, index) => [
      ...[id, role, p.streamTimeMs, p.speechMs, p.syntheticProbability, p.llr],
      ...[p.interval?.[0] ?? null, p.interval?.[1] ?? null],
      ...[p.recent.syntheticProbability, p.recent.speechMs, p.verdict, p.firm, p.abstain],
      ...[p.quality.levelDbfs, p.quality.bandwidthHz, p.quality.clippedShare, p.quality.lostMs],
      ...[latenciesMs[index] ?? null, detector],
    ]),
  );
  return csvOf(HEAD, rows);
}

/** The timelines in sight below each other, with their names. */
function pictureOf(
  name: string,
  { legs }: CallTrace,
  canvases: ReadonlyMap<string, HTMLCanvasElement>,
): HTMLCanvasElement {
  const shown = legs.flatMap((leg) => {
    const canvas = canvases.get(leg.id);
    return canvas === undefined ? [] : [{ leg, canvas }];
  });
  const ratio = devicePixelRatio;
  const line = 26 * ratio;
  const picture = document.createElement('canvas');
  picture.width = Math.max(1, ...shown.map(({ canvas }) => canvas.width));
  picture.height = line + shown.reduce((sum, { canvas }) => sum + canvas.height + line, 0);
  const context = picture.getContext('2d')!;
  const { surface, ink } = readColours();
  context.fillStyle = surface;
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = ink;
  context.font = `600 ${14 * ratio}px system-ui, sans-serif`;
  context.fillText(name, 10 * ratio, 18 * ratio);
  context.font = `${13 * ratio}px system-ui, sans-serif`;
  let top = line;
  for (const { leg, canvas } of shown) {
    const verdict = leg.last === null ? '' : ` – ${S.verdict[leg.last.verdict]}`;
    context.fillText(`${leg.id}${verdict}`, 10 * ratio, top + 17 * ratio);
    context.drawImage(canvas, 0, top + line);
    top += line + canvas.height;
  }
  return picture;
}
