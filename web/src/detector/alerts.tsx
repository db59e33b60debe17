import { useEffect, useState } from 'preact/hooks';
import { dateTime, percent } from '../lib/format.ts';
import { hrefOfCall } from '../lib/router.ts';
import { ScrollRegion } from '../lib/scroll-region.tsx';
import { ask } from '../lib/session.ts';
import { TableHead } from '../lib/table-head.tsx';
import { S } from '../strings.ts';
import { type AlertRow, type Listed, withNewest, withOlder } from './alert-list.ts';

const REFRESH_MS = 5_000;

/** The newest alerts of the key and how their deliveries stand. */
export function Alerts() {
  const [list, setList] = useState<Listed | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    const refresh = () =>
      ask((client) => client.alerts()).then(
        (answer) => setList((before) => withNewest(before, answer)),
        () => {
          // The next try may work; what is there stays.
        },
      );
    void refresh();
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const more = async (cursor: string) => {
    setBusy(true);
    await ask((client) => client.alerts({ cursor })).then(
      (answer) => setList((before) => before && withOlder(before, answer, cursor)),
      () => {
        // The button is still there.
      },
    );
    setBusy(false);
  };
  return (
    <section class="card" aria-labelledby="alerts">
      <h2 id="alerts">{S.detector.alerts}</h2>
      {list === null && <p class="muted">{S.loading}</p>}
      {list?.rows.length === 0 && (
        <p class="muted">{list.kept ? S.detector.noAlerts : S.detector.notKept}</p>
      )}
      {list !== null && list.rows.length > 0 && <Table rows={list.rows} />}
      {list !== null && list.cursor !== null && (
        <button type="button" disabled={isBusy} onClick={() => void more(list.cursor!)}>
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
