import { useEffect, useState } from 'preact/hooks';
import type { AlertList } from '../../../clients/typescript/client.ts';
import { dateTime, percent } from '../lib/format.ts';
import { hrefOfCall } from '../lib/router.ts';
import { ScrollRegion } from '../lib/scroll-region.tsx';
import { ask } from '../lib/session.ts';
import { TableHead } from '../lib/table-head.tsx';
import { S } from '../strings.ts';

type AlertRow = AlertList['alerts'][number];

const REFRESH_MS = 5_000;

/** The newest alerts of the key and how their deliveries stand. */
export function Alerts() {
  const [page, setPage] = useState<AlertList | null>(null);
  const [older, setOlder] = useState<readonly AlertRow[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  useEffect(() => {
    const refresh = () =>
      ask((client) => client.alerts()).then(
        (answer) => {
          setPage(answer);
          setCursor((before) => before ?? answer.nextCursor);
        },
        () => {
          // The next try may work; what is there stays.
        },
      );
    void refresh();
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const more = async () => {
    const answer = await ask((client) => client.alerts({ cursor: cursor ?? '' }));
    setOlder([...older, ...answer.alerts]);
    setCursor(answer.nextCursor ?? '');
  };
  const rows = [...(page?.alerts ?? []), ...older];
  return (
    <section class="card" aria-labelledby="alerts">
      <h2 id="alerts">{S.detector.alerts}</h2>
      {page === null && <p class="muted">{S.loading}</p>}
      {page !== null && rows.length === 0 && (
        <p class="muted">{page.kept ? S.detector.noAlerts : S.detector.notKept}</p>
      )}
      {rows.length > 0 && <Table rows={rows} />}
      {cursor !== null && cursor !== '' && (
        <button type="button" onClick={() => void more()}>
          {S.detector.older}
        </button>
      )}
    </section>
  );
}

function Table({ rows }: { readonly rows: readonly AlertRow[] }) {
  return (
    <ScrollRegion class="table-wide" label={S.detector.alerts}>
      <table>
        <TableHead labels={S.detector.alertColumns} />
        <tbody>
          {rows.map(({ alert, createdAtMs, deliveries }) => (
            <tr key={alert.id}>
              <td class="num">{dateTime(createdAtMs)}</td>
              <td>
                <span class={`chip ${alert.severity}`}>{S.live.alerts[alert.severity]}</span>
              </td>
              <td>
                <a href={hrefOfCall(alert.callId)}>{alert.callId}</a> {alert.leg}
              </td>
              <td class="num">{percent(alert.score?.syntheticProbability ?? null)}</td>
              <td>{alert.policy.name}</td>
              <td>
                <Deliveries deliveries={deliveries} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function Deliveries({ deliveries }: Pick<AlertRow, 'deliveries'>) {
  if (deliveries.length === 0) return <span class="muted">{S.detector.noDestination}</span>;
  return (
    <>
      {deliveries.map(({ destination, state, attempts, lastError }) => (
        <span class="delivery" key={destination}>
          {destination}: <strong class={`delivery-${state}`}>{S.detector.deliveries[state]}</strong>
          {attempts > 1 && <span class="muted"> {S.detector.attempts(attempts)}</span>}
          {lastError !== null && state !== 'delivered' && (
            <span class="muted delivery-error">{lastError}</span>
          )}
        </span>
      ))}
    </>
  );
}
