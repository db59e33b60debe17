import { download } from '../lib/download.ts';
import { percent, seconds } from '../lib/format.ts';
import { ScrollRegion } from '../lib/scroll-region.tsx';
import { TableHead } from '../lib/table-head.tsx';
import { Verdict } from '../lib/verdict.tsx';
import { S } from '../strings.ts';
import type { Attempt } from './attempt.ts';
import { attemptsCsv, clear, selected } from './attempts.ts';

/** What was tried, a row each; the chosen one is shown below. */
export function AttemptTable(props: {
  readonly attempts: readonly Attempt[];
  readonly chosen: Attempt | null;
}) {
  const { attempts, chosen } = props;
  const save = () =>
    download('bonafide-files.csv', new Blob([attemptsCsv()], { type: 'text/csv' }));
  return (
    <section class="attempts card" aria-label={S.try.table}>
      <ScrollRegion class="attempts-scroll" label={S.try.table}>
        <table>
          <TableHead labels={S.try.columns} />
          <tbody>
            {attempts.map((attempt) => (
              <Row key={attempt.id} attempt={attempt} isChosen={attempt === chosen} />
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <div class="buttons">
        <span class="muted">{S.exports.label}</span>
        <button type="button" onClick={save}>
          CSV
        </button>
        <button type="button" class="quiet" onClick={clear}>
          {S.try.clear}
        </button>
      </div>
    </section>
  );
}

function Row({ attempt, isChosen }: { readonly attempt: Attempt; readonly isChosen: boolean }) {
  const { id, name, line, state, note, trace } = attempt;
  const loss = line.loss > 0 ? `, ${S.try.lossShort}` : '';
  return (
    <tr class={isChosen ? 'chosen' : ''} data-state={state}>
      <th scope="row">
        <button
          type="button"
          class="quiet file-name"
          aria-pressed={isChosen}
          title={name}
          onClick={() => selected.set(id)}
        >
          {name}
        </button>
      </th>
      <td>
        {S.try.linesShort[line.codec]}
        {loss}
      </td>
      <td>
        {S.try.states[state]}
        {note !== null && <span class="attempt-note">{note}</span>}
      </td>
      <td>
        {trace.legs.map((leg) => (
          <span class="attempt-leg" key={leg.id} data-leg={leg.id}>
            {trace.legs.length > 1 && <span class="muted">{leg.id}</span>}
            <span class="num">{percent(leg.last?.syntheticProbability ?? null)}</span>
            <Verdict standing={leg.last} />
          </span>
        ))}
      </td>
      <td class="num">
        {trace.legs.map((leg) => (
          <span class="attempt-leg" key={leg.id}>
            {seconds(leg.last?.speechMs ?? 0)}
          </span>
        ))}
      </td>
    </tr>
  );
}
