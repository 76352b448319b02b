/** One job as a card: what it is, how far it is, and what can be done about it. */

import { useId } from 'react';
import type { CSSProperties } from 'react';

import { ProgressBar } from './ProgressBar.js';
import { useNews } from './news.js';
import { percent } from './text.js';
import type { JobStatus, ProgressJob } from './types.js';

export interface JobProgressLabels {
  readonly queued: (position: number | null) => string;
  readonly running: string;
  readonly attempt: (number: number) => string;
  readonly cancelling: string;
  readonly succeeded: string;
  readonly cancelled: string;
  readonly failed: string;
  readonly untitled: string;
  readonly cancel: string;
  readonly retry: string;
  readonly dismiss: string;
  readonly started: string;
  readonly halfWay: string;
}

export interface JobProgressProps {
  readonly job: ProgressJob;
  /** What the card is called; by default the prompt or the file's name in the job's request. */
  readonly title?: string | undefined;
  readonly href?: string | undefined;
  readonly onCancel?: (() => unknown) | undefined;
  readonly onRetry?: (() => unknown) | undefined;
  readonly onDismiss?: (() => unknown) | undefined;
  readonly labels?: Partial<JobProgressLabels> | undefined;
}

const LABELS: JobProgressLabels = {
  queued: (position) => (position ? `Queued, position ${position}` : 'Queued'),
  running: 'Running',
  attempt: (number) => `attempt ${number}`,
  cancelling: 'Stopping',
  succeeded: 'Done',
  cancelled: 'Cancelled',
  failed: 'It failed.',
  untitled: 'Job',
  cancel: 'Cancel',
  retry: 'Try again',
  dismiss: 'Dismiss',
  started: 'Started.',
  halfWay: 'Half-way.',
};

const UNFINISHED: ReadonlySet<JobStatus> = new Set(['queued', 'running', 'cancelling']);
const MOST_FRAMES = 8;

export function JobProgress(props: JobProgressProps) {
  const { job, title, href, labels } = props;
  const words = { ...LABELS, ...labels };
  const actions = actionsOf(props, words);
  const heading = useId();
  const name = title ?? textOf(job.request?.['prompt']) ?? textOf(job.request?.['filename']) ?? words.untitled;
  const tell = tellOf(job, words);
  const news = useNews(newsOf(job, words));
  const isOver = !UNFINISHED.has(job.status);
  return (
    <article className="mp-job" data-status={job.status} aria-labelledby={heading}>
      <Frames request={job.request} previewURL={isOver ? null : job.previewURL} />
      <div className="mp-job-words">
        <h3 id={heading} dir="auto">
          {href ? <a href={href}>{name}</a> : name}
        </h3>
        <p className="mp-soft">
          {tell} {job.status === 'failed' && job.error?.code && <code className="mp-code">{job.error.code}</code>}
        </p>
      </div>
      <div className="mp-actions">
        {actions.map(({ label, act, isOff }, index) => (
          // By their places: a button that becomes another one keeps the focus.
          <button key={index} type="button" className="mp-button" aria-describedby={heading} aria-disabled={isOff} onClick={() => !isOff && act()}>
            {label}
          </button>
        ))}
      </div>
      {!isOver && (
        <ProgressBar
          progress={job.progress}
          isIdle={job.status === 'queued'}
          label={name}
          text={[job.progress === null ? '' : percent(job.progress), tell].filter(Boolean).join(', ')}
        />
      )}
      <span className="mp-hidden" role="status">
        {news}
      </span>
    </article>
  );
}

interface Action {
  readonly label: string;
  readonly act: () => unknown;
  readonly isOff?: boolean;
}

function actionsOf({ job, onCancel, onRetry, onDismiss }: JobProgressProps, words: JobProgressLabels): readonly Action[] {
  if (UNFINISHED.has(job.status)) {
    return onCancel ? [{ label: words.cancel, act: onCancel, isOff: job.status === 'cancelling' }] : [];
  }
  return [
    ...(onRetry && job.status !== 'succeeded' ? [{ label: words.retry, act: onRetry }] : []),
    ...(onDismiss ? [{ label: words.dismiss, act: onDismiss }] : []),
  ];
}

/** As many frames as pictures were asked for, in their proportions; what there is to see is in the first. */
function Frames({ request, previewURL }: Pick<ProgressJob, 'request' | 'previewURL'>) {
  const count = Math.min(MOST_FRAMES, numberOf(request?.['n']) ?? 1);
  const ratio = (numberOf(request?.['width']) ?? 1) / (numberOf(request?.['height']) ?? 1);
  return (
    <span className="mp-frames" aria-hidden="true" style={{ '--mp-ratio': Math.min(2.2, Math.max(0.5, ratio)) } as CSSProperties}>
      {Array.from({ length: count }, (_, index) => (
        <i key={index} style={index === 0 && previewURL ? { backgroundImage: `url(${JSON.stringify(previewURL)})` } : undefined} />
      ))}
    </span>
  );
}

function tellOf(job: ProgressJob, words: JobProgressLabels): string {
  const again = (job.attempts ?? 0) > 1 ? words.attempt(job.attempts!) : '';
  const table: Record<JobStatus, () => string> = {
    queued: () => words.queued(job.queuePosition ?? null),
    running: () => [job.message || words.running, again].filter(Boolean).join(' · '),
    cancelling: () => words.cancelling,
    succeeded: () => words.succeeded,
    cancelled: () => words.cancelled,
    failed: () => job.error?.message || words.failed,
  };
  return table[job.status]();
}

/** What is worth being read aloud; all that lies between is on the progress bar for whoever asks. */
function newsOf(job: ProgressJob, words: JobProgressLabels): string {
  if (job.status === 'running') return (job.progress ?? 0) >= 50 ? words.halfWay : words.started;
  return job.status === 'queued' ? '' : tellOf(job, words);
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' && value > 0 ? value : undefined);
