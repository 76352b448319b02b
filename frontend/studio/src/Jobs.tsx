/** What is being made, and what went wrong. */

import { JobProgress } from '@project/ui';
import type { Job } from '@project/realtime';

import { hashOf } from './route.js';

export interface JobsProps {
  readonly jobs: readonly Job[];
  readonly onCancel: (job: Job) => void;
  readonly onRetry: (job: Job) => void;
  readonly onDismiss: (job: Job) => void;
}

export function Jobs({ jobs, onCancel, onRetry, onDismiss }: JobsProps) {
  if (!jobs.length) return null;
  const isWorking = jobs.some(({ status }) => status !== 'failed' && status !== 'cancelled');
  return (
    <section aria-labelledby="jobs">
      <div className="head">
        <h2 id="jobs">{isWorking ? 'In progress' : 'Needs a look'}</h2>
      </div>
      <ul className="jobs">
        {jobs.map((job) => (
          <li key={job.jobId}>
            <JobProgress
              job={job}
              href={hashOf({ at: 'job', jobId: job.jobId })}
              onCancel={() => onCancel(job)}
              onRetry={() => onRetry(job)}
              onDismiss={() => onDismiss(job)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
