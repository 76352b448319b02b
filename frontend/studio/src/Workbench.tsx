/** Everything that a signed-in user sees: the composer, the jobs, the library, the event console. */

import type { Job } from '@project/realtime';
import { sentence } from '@project/ui';
import type { LibraryItem } from '@project/ui';
import { useCallback, useState } from 'react';
import type { ReactNode } from 'react';

import { useAnnouncer } from './Announcer.js';
import { Composer } from './Composer.js';
import { useDismissals } from './dismissals.js';
import { EventConsole } from './EventConsole.js';
import type { EventLog } from './eventLog.js';
import { Header } from './Header.js';
import { JobPage } from './JobPage.js';
import { Jobs } from './Jobs.js';
import { Library } from './Library.js';
import { useNewsOfJobs } from './newsOfJobs.js';
import { Notice } from './Notice.js';
import { goTo, useRoute } from './route.js';
import { useService } from './service.js';

export interface WorkbenchProps {
  readonly base: string;
  readonly token: string;
  readonly user: string;
  readonly newLog: () => EventLog;
  /** Asks for another token, where this one is no longer good. */
  readonly signIn: ReactNode;
  readonly onRefused: (token: string) => void;
  readonly onSignOut: (() => void) | undefined;
}

type Earlier = NonNullable<Parameters<typeof Composer>[0]['initial']>;

export function Workbench({ base, token, user, newLog, signIn, onRefused, onSignOut }: WorkbenchProps) {
  const route = useRoute();
  const { note } = useAnnouncer();
  const [log] = useState(newLog);
  const service = useService({ base, token, log, route, onRefused, onMissing: miss });
  const [begun, setBegun] = useState<{ readonly round: number; readonly with: Earlier | undefined }>({ round: 0, with: undefined });
  const [dismissed, dismiss] = useDismissals();
  const [stopped, setStopped] = useState<ReadonlySet<string>>(new Set());
  useNewsOfJobs(service.jobs);

  function miss(path: string): void {
    note(`There is nothing at ${path}, or no longer.`);
    goTo({ at: 'home' });
  }

  const begin = (earlier: Earlier): void => setBegun(({ round }) => ({ round: round + 1, with: earlier }));
  const attempt = useCallback((what: string, act: Promise<unknown>) => void act.catch((error: unknown) => note(`${what} ${messageOf(error)}`)), [note]);

  function cancel({ jobId }: Job): void {
    setStopped((before) => new Set([...before, jobId]));
    attempt('Not cancelled.', service.cancel(jobId));
  }

  function retry(job: Job): void {
    goTo({ at: 'home' });
    begin({ ...job.request, kind: job.kind === 'video' ? 'video' : 'image' });
  }

  function reuse(item: LibraryItem): void {
    goTo({ at: 'home' });
    const request = service.jobs.find((job) => 'jobId' in item && job.jobId === item.jobId)?.request;
    const { prompt, width, height, model, seed, durationSeconds } = item;
    begin({ ...request, kind: item.kind, prompt, width, height, model, seed, durationSeconds, n: 1 });
  }

  const shown = service.jobs.filter((job) => isShown(job, stopped) && !dismissed.has(job.jobId));
  const opened = service.job;
  return (
    <>
      <Header link={signIn ? 'out' : service.link} user={signIn ? '' : user} onSignOut={signIn ? undefined : onSignOut} />
      <section className="bench" aria-label="New pictures" tabIndex={-1}>
        {signIn}
        <div hidden={signIn !== null}>
          <Composer key={begun.round} token={token} models={service.models} generate={service.generate} initial={begun.with} />
        </div>
      </section>
      <main className="wall">
        <Notice link={signIn ? 'out' : service.link} reason={service.reason} onRetry={service.reconnect} />
        <Jobs jobs={shown} onCancel={cancel} onRetry={retry} onDismiss={(over) => dismiss(over.map(({ jobId }) => jobId))} />
        {signIn && !service.library.items.length ? (
          <p id="library" className="soft" tabIndex={-1}>
            Sign in to see your pictures.
          </p>
        ) : (
          <Library
            library={signIn ? { ...service.library, status: 'ready' } : service.library}
            uploads={service.uploads}
            openPath={route.at === 'medium' ? route.path : null}
            onOpenChange={(path) => goTo(path === null ? { at: 'home' } : { at: 'medium', path })}
            onDelete={(path) => attempt('Not deleted.', service.remove(path))}
            onMore={service.loadMore}
            onRetry={service.refresh}
            onReuse={reuse}
            onIdea={(prompt) => begin({ kind: 'image', prompt })}
          />
        )}
        <EventConsole log={log} />
      </main>
      {route.at === 'job' && (
        <JobPage job={opened} reason={service.jobReason} results={resultsOf(opened)} onCancel={cancel} onRetry={retry} onClose={() => goTo({ at: 'home' })} />
      )}
    </>
  );
}

/** Cards are for what runs and what went wrong: what is done has become pictures. What was stopped is news only where it was. */
function isShown({ jobId, kind, status, request }: Job, stopped: ReadonlySet<string>): boolean {
  if (kind !== 'image' && kind !== 'video') return false;
  if (!request || status === 'succeeded') return false;
  return status !== 'cancelled' || stopped.has(jobId);
}

const messageOf = (error: unknown): string => sentence(error instanceof Error ? error.message : String(error));

function resultsOf(job: Job | null): readonly LibraryItem[] {
  return job?.result && 'media' in job.result ? job.result.media : [];
}
