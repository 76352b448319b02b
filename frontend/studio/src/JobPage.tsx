/** One job by its address: how far it is or how it ended, what was asked for, and what came of it. */

import type { Job } from '@project/realtime';
import { JobProgress, Modal } from '@project/ui';

import { hashOf } from './route.js';

export interface JobPageProps {
  readonly job: Job | null;
  /** Why there is no job to show, or that it is being asked for. */
  readonly reason: string;
  readonly results: readonly { readonly path: string; readonly thumbnailURL?: string | null | undefined; readonly url: string }[];
  readonly onCancel: (job: Job) => void;
  readonly onRetry: (job: Job) => void;
  readonly onClose: () => void;
}

export function JobPage({ job, reason, results, onCancel, onRetry, onClose }: JobPageProps) {
  return (
    <Modal className="job-page" labelledBy="job-page" onClose={onClose}>
      <div className="job-page-body">
        <h2 id="job-page" tabIndex={-1}>
          Job
        </h2>
        {job ? <JobProgress job={job} onCancel={() => onCancel(job)} onRetry={() => onRetry(job)} /> : <p role="status">{reason}</p>}
        {results.length > 0 && (
          <ul className="results">
            {results.map(({ path, thumbnailURL, url }) => (
              <li key={path}>
                <a href={hashOf({ at: 'medium', path })}>
                  <img src={thumbnailURL ?? url} alt="Open this result" />
                </a>
              </li>
            ))}
          </ul>
        )}
        {job && <Facts job={job} />}
        <button type="button" className="mp-button mp-close" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </div>
    </Modal>
  );
}

const NAMES: Readonly<Record<string, string>> = {
  model: 'Model',
  negativePrompt: 'Left out',
  n: 'How many',
  seed: 'Seed',
  durationSeconds: 'Length, seconds',
  fps: 'Frames per second',
  deadlineSeconds: 'Deadline, seconds',
};

function Facts({ job }: { readonly job: Job }) {
  return (
    <dl className="mp-facts">
      {factsOf(job).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function factsOf({ jobId, request }: Job): readonly (readonly [string, string])[] {
  const { prompt: _, width, height, ...rest } = request ?? {}; // the prompt is the job's title
  const asked = Object.entries(rest).filter(([, value]) => /^(number|bigint|string)$/.test(typeof value) && value !== '');
  return [
    ...(width && height ? [['Size', `${String(width)} × ${String(height)}`] as const] : []),
    ...asked.map(([name, value]) => [NAMES[name] ?? name, String(value)] as const),
    ['Id', jobId],
  ];
}
