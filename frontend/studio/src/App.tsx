/** The page: whoever is signed in has a workbench, and whoever is not is asked. */

import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { RefObject } from 'react';

import { AnnouncerProvider } from './Announcer.js';
import type { EventLog } from './eventLog.js';
import { Header } from './Header.js';
import type { Session, SessionStore } from './session.js';
import { SignIn } from './SignIn.js';
import { Workbench } from './Workbench.js';

export interface AppProps {
  /** Where the service is: the page's own address without its last slash. */
  readonly base: string;
  readonly store: SessionStore;
  /** A log for whoever signs in: nothing of the one user may be shown to the other. */
  readonly newLog: () => EventLog;
}

type Open = Extract<Session, { readonly status: 'open' }>;

export function App({ base, store, newLog }: AppProps) {
  const session = useSyncExternalStore(store.subscribe, store.getSnapshot);
  const latest = useLatestOpen(session);
  const frame = useFocusAfterSignIn(session);
  const signIn = session.status === 'asking' ? <SignIn reason={session.reason} onToken={(token) => store.paste(token)} /> : null;
  return (
    <AnnouncerProvider>
      <a className="skip" href="#library">
        Skip to the library
      </a>
      <div className="frame" ref={frame}>
        {latest ? (
          <Workbench
            key={latest.user}
            base={base}
            token={latest.token}
            user={latest.user}
            newLog={newLog}
            signIn={signIn}
            onRefused={(token) => store.refused(token)}
            onSignOut={store.canSignOut ? () => store.signOut() : undefined}
          />
        ) : (
          <Outside session={session}>{signIn}</Outside>
        )}
      </div>
    </AnnouncerProvider>
  );
}

/** Who was signed in last: what they wrote stays while they are asked for another token, and goes when they sign out. */
function useLatestOpen(session: Session): Open | null {
  const [latest, setLatest] = useState<Open | null>(null);
  const isLeft = session.status === 'asking' && session.isLeft;
  const next = session.status === 'open' ? session : isLeft ? null : latest;
  if (next !== latest) setLatest(next);
  return next;
}

/** The form that somebody signed in with goes away: the focus goes on to what takes its place. */
function useFocusAfterSignIn({ status }: Session): RefObject<HTMLDivElement | null> {
  const frame = useRef<HTMLDivElement>(null);
  const wasAsked = useRef(false);
  useEffect(() => {
    if (status === 'open' && wasAsked.current) frame.current?.querySelector<HTMLElement>('.bench')?.focus();
    if (status !== 'starting') wasAsked.current = status === 'asking';
  }, [status]);
  return frame;
}

function Outside({ session, children }: { readonly session: Session; readonly children: React.ReactNode }) {
  const isOffline = session.status === 'starting' && session.isOffline;
  return (
    <>
      <Header link={session.status === 'asking' ? 'out' : isOffline ? 'reconnecting' : 'connecting'} user="" onSignOut={undefined} />
      <section className="bench" aria-label="Sign in">
        {children ?? (
          <p className="mp-form waiting soft" role="status" data-failed={isOffline || undefined}>
            {isOffline ? 'The service could not be reached. Trying again …' : 'Signing in …'}
          </p>
        )}
      </section>
      <main className="wall" id="library" tabIndex={-1}>
        <p className="soft">Sign in to see your pictures.</p>
      </main>
    </>
  );
}
