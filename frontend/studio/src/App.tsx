/** The page: whoever is signed in has a workbench, and whoever is not is asked. */

import { useState, useSyncExternalStore } from 'react';

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
  readonly log: EventLog;
}

type Open = Extract<Session, { readonly status: 'open' }>;

export function App({ base, store, log }: AppProps) {
  const session = useSyncExternalStore(store.subscribe, store.getSnapshot);
  const latest = useLatestOpen(session);
  const signIn = session.status === 'asking' ? <SignIn reason={session.reason} onToken={(token) => store.paste(token)} /> : null;
  return (
    <AnnouncerProvider>
      <a className="skip" href="#library">
        Skip to the library
      </a>
      <div className="frame">
        {latest ? (
          <Workbench
            key={latest.user} // nothing of the one user may be shown to the other
            base={base}
            token={latest.token}
            user={latest.user}
            log={log}
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

/** Who was signed in last: what they wrote stays while they are asked for another token. */
function useLatestOpen(session: Session): Open | null {
  const [latest, setLatest] = useState<Open | null>(session.status === 'open' ? session : null);
  if (session.status === 'open' && session !== latest) setLatest(session);
  return session.status === 'open' ? session : latest;
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
