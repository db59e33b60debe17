import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { CallView } from './call/call-view.tsx';
import { type Route, route } from './lib/router.ts';
import { askSession, type Session, session, signOut } from './lib/session.ts';
import { useStore } from './lib/store.ts';
import { liveCalls } from './live/live-calls.ts';
import { LiveView } from './live/live-view.tsx';
import { SignIn } from './sign-in.tsx';
import { S } from './strings.ts';

const UNREACHABLE_RETRY_MS = 3_000;

/** Loaded when they are looked at. */
const LATER = {
  try: () => import('./try/try-view.tsx').then(({ TryView }) => TryView),
  detector: () => import('./detector/detector-view.tsx').then(({ DetectorView }) => DetectorView),
  meaning: () => import('./meaning/meaning-view.tsx').then(({ MeaningView }) => MeaningView),
} as const;

const NAVIGATION = ['live', 'try', 'detector', 'meaning'] as const;

export function App() {
  const state = useStore(session);
  const current = useStore(route);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    if (state.state === 'open') liveCalls.open();
    else if (state.state === 'signed-out') liveCalls.close();
    if (state.state !== 'unreachable') return undefined;
    const timer = setTimeout(() => void askSession(), UNREACHABLE_RETRY_MS);
    return () => clearTimeout(timer);
  }, [state]);
  // What is on the screen stays while the service does not answer: it cannot be asked for again.
  const lastOpen = useRef<Session | null>(null);
  if (state.state === 'open') lastOpen.current = state;
  else if (state.state === 'signed-out') lastOpen.current = null;
  const isOut = state.state === 'unreachable' && lastOpen.current !== null;
  const shown = isOut ? lastOpen.current! : state;
  const title = current.view === 'call' ? current.callId : S.navigation[current.view];
  useEffect(() => {
    document.title = `${title} – ${S.name}`;
  }, [title]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {S.skip}
      </button>
      <Header current={current} session={shown} />
      <main id="main" ref={main} tabIndex={-1}>
        {isOut && (
          <p class="note warn outage" role="status">
            {S.session.unreachable}
          </p>
        )}
        <Content current={current} session={shown} />
      </main>
    </>
  );
}

function Header({ current, session: state }: { current: Route; session: Session }) {
  const here = current.view === 'call' ? 'live' : current.view;
  return (
    <header class="top">
      <a class="brand" href="#/live">
        {S.name}
      </a>
      <nav aria-label={S.navigationLabel}>
        {NAVIGATION.map((view) => (
          <a key={view} href={`#/${view}`} aria-current={view === here ? 'page' : undefined}>
            {S.navigation[view]}
          </a>
        ))}
      </nav>
      {state.state === 'open' && state.canSignOut && (
        <span class="who">
          <span class="key-name">{state.keyName}</span>
          <button type="button" class="quiet" onClick={() => void signOut()}>
            {S.session.signOut}
          </button>
        </span>
      )}
    </header>
  );
}

function Content({ current, session: state }: { current: Route; session: Session }) {
  if (current.view === 'meaning') return <Later view="meaning" />;
  if (state.state === 'asking') return <p class="empty">{S.session.asking}</p>;
  if (state.state === 'unreachable') return <p class="empty">{S.session.unreachable}</p>;
  if (state.state === 'signed-out') return <SignIn />;
  if (current.view === 'live') return <LiveView />;
  if (current.view === 'call') return <CallView key={current.callId} callId={current.callId} />;
  return <Later key={current.view} view={current.view} />;
}

function Later({ view }: { readonly view: keyof typeof LATER }) {
  const [Loaded, setLoaded] = useState<ComponentType | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let isWanted = true;
    LATER[view]().then(
      (component) => isWanted && setLoaded(() => component),
      () => isWanted && setFailed(true),
    );
    return () => {
      isWanted = false;
    };
  }, [view]);
  if (hasFailed) return <p class="empty">{S.loadFailed}</p>;
  return Loaded === null ? <p class="empty">{S.loading}</p> : <Loaded />;
}
