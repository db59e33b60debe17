import { useEffect, useState } from 'preact/hooks';
import { clockTime, dateTime } from '../lib/format.ts';
import { serverNowMs } from '../lib/session.ts';
import { useTicks } from '../lib/store.ts';
import { S } from '../strings.ts';
import { FollowedCall } from './follow-call.ts';
import { TraceView } from './trace-view.tsx';

const FIGURES_MS = 200;

/** One call: its timelines and events, live. */
export function CallView({ callId }: { readonly callId: string }) {
  const [followed, setFollowed] = useState<FollowedCall | null>(null);
  useTicks(FIGURES_MS, followed?.state !== 'gone');
  useEffect(() => {
    const call = new FollowedCall(callId);
    setFollowed(call);
    return () => call.close();
  }, [callId]);
  return (
    <div class="view call-view">
      <div class="view-head">
        <a class="back" href="#/live">
          {S.call.back}
        </a>
        <h1>{callId}</h1>
      </div>
      {followed === null ? null : <Body call={followed} callId={callId} />}
    </div>
  );
}

function Body({ call, callId }: { readonly call: FollowedCall; readonly callId: string }) {
  const { trace, summary, state } = call;
  if (state === 'gone') {
    return (
      <div class="empty">
        <p class="empty-title">{S.call.gone}</p>
        <p>{S.call.goneHint}</p>
      </div>
    );
  }
  return (
    <>
      <Facts call={call} />
      <p class="sr" role="status">
        {trace.lastChange === null
          ? ''
          : S.call.changed(trace.lastChange.leg, S.verdict[trace.lastChange.to])}
      </p>
      {trace.legs.length === 0 ? (
        <p class="empty">{S.call.loading}</p>
      ) : (
        <TraceView
          name={callId}
          trace={trace}
          version={trace.version}
          isLive={state === 'live' || state === 'lost'}
          about={{ summary }}
        />
      )}
    </>
  );
}

function Facts({ call: { summary, state } }: { readonly call: FollowedCall }) {
  if (summary === null) return null;
  const { platform, startedAtMs, endedAtMs, metadata } = summary;
  const elapsed = clockTime(((endedAtMs ?? serverNowMs()) - startedAtMs) / 1000);
  return (
    <dl class="facts">
      <Fact name={S.call.state} value={S.call.states[state]} kind={state} />
      <Fact name={S.call.platform} value={platform} />
      <Fact name={S.call.started} value={dateTime(startedAtMs)} />
      <Fact name={S.call.elapsed} value={elapsed} />
      {Object.entries(metadata).map(([name, value]) => (
        <Fact key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Fact({ name, value, kind }: { name: string; value: string; kind?: string }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd class={kind}>{value}</dd>
    </div>
  );
}
