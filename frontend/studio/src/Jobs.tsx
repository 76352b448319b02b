/** What is being made, and what went wrong. */

import { JobProgress } from '@project/ui';
import type { Job } from '@project/realtime';
import { useRef } from 'react';

import { useKeptFocus } from './keptFocus.js';
import { hashOf } from './route.js';

export interface JobsProps {
  readonly jobs: readonly Job[];
  readonly onCancel: (job: Job) => void;
  readonly onRetry: (job: Job) => void;
  readonly onDismiss: (jobs: readonly Job[]) => void;
}

/** Where the focus goes when there is nothing left to dismiss. */
const library = (): HTMLElement | null => document.getElementById('library');

const isOver = ({ status }: Job): boolean => status === 'failed' || status === 'cancelled';

export function Jobs({ jobs, onCancel, onRetry, onDismiss }: JobsProps) {
  const list = useRef<HTMLUListElement>(null);
  const focus = useKeptFocus(list, jobs, library);
  const over = jobs.filter(isOver);
  if (!jobs.length) return null;
  return (
    <section aria-labelledby="jobs">
      <div className="head">
        <h2 id="jobs">{headingOf(jobs)}</h2>
        {over.length > 1 && (
          <button
            type="button"
            className="mp-button mp-quiet"
            onClick={() => {
              onDismiss(over);
              library()?.focus({ preventScroll: true });
            }}
          >
            Dismiss all
          </button>
        )}
      </div>
      <ul className="jobs" ref={list} {...focus}>
        {jobs.map((job) => (
          <li key={job.jobId}>
            <JobProgress
              job={job}
              href={hashOf({ at: 'job', jobId: job.jobId })}
              onCancel={() => onCancel(job)}
              onRetry={() => onRetry(job)}
              onDismiss={() => onDismiss([job])}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function headingOf(jobs: readonly Job[]): string {
  if (!jobs.every(isOver)) return 'In progress';
  return jobs.some(({ status }) => status === 'failed') ? 'Needs a look' : 'Stopped';
}
