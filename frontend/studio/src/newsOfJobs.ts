/** Tells what became of jobs: aloud when pictures are ready, in the tab's title how far the only one is. */

import type { Job } from '@project/realtime';
import { useEffect, useRef } from 'react';

import { useAnnouncer } from './Announcer.js';

const UNFINISHED: ReadonlySet<string> = new Set(['queued', 'running', 'cancelling']);

export function useNewsOfJobs(jobs: readonly Job[]): void {
  const { say, note } = useAnnouncer();
  const seen = useRef<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    for (const job of jobs) {
      const before = seen.current.get(job.jobId);
      if (before !== undefined && before !== 'succeeded' && job.status === 'succeeded' && job.kind !== 'upload') tellReady(job, say, note);
    }
    seen.current = new Map(jobs.map(({ jobId, status }) => [jobId, status]));
    document.title = titleOf(jobs);
  }, [jobs, say, note]);
}

function tellReady(job: Job, say: (sentence: string) => void, note: (sentence: string) => void): void {
  const asked = Number(job.request?.['n'] ?? 1);
  const made = job.result && 'media' in job.result ? job.result.media.length : asked;
  const noun = job.kind === 'video' ? 'video' : 'picture';
  say(`${made} ${noun}${made === 1 ? '' : 's'} ready.`);
  if (made < asked) note(`${made} of ${asked} ${noun}s came out; the others were withheld or failed.`);
}

export function titleOf(jobs: readonly Job[]): string {
  const open = jobs.filter(({ kind, status }) => kind !== 'upload' && UNFINISHED.has(status));
  if (open.length > 1) return `(${open.length}) Studio`;
  const progress = open[0]?.progress ?? null;
  return progress === null ? 'Studio' : `${Math.floor(progress)} % · Studio`;
}
