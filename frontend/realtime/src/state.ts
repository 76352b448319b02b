/** What is known: a pure reducer over the service's events and this page's own actions. No clock, no network. */

import { emptyView, isOlderThan, isSame, merged, refreshed } from './library.js';
import type { View } from './library.js';
import type { Problem } from './problem.js';
import type { EventPayloads, Failed, GenerationResult, Job, JobKind, JobStatus, JobView, MediaItem, MediaPage } from './types.js';

/** `isConfirmed`: the service's events know it; what is younger than a snapshot is not in it. */
export interface KnownJob extends Job {
  readonly isConfirmed: boolean;
}

export interface State {
  readonly jobs: Readonly<Record<string, KnownJob>>;
  /** Newest first, what is gone included. */
  readonly media: readonly MediaItem[];
  readonly gone: ReadonlySet<string>;
  /** What has been loaded of the library, by query. */
  readonly views: Readonly<Record<string, View>>;
  /** Ids of the last events, to recognise a repeat. */
  readonly seen: readonly string[];
}

export const NOTHING: State = { jobs: {}, media: [], gone: new Set(), views: {}, seen: [] };

/** What this page itself did or learnt. */
export interface OwnPayloads {
  readonly accepted: { readonly jobId: string; readonly kind: JobKind; readonly request: Readonly<Record<string, unknown>>; readonly at: string };
  readonly described: { readonly job: JobView };
  readonly cancelling: { readonly jobId: string };
  readonly not_cancelled: { readonly jobId: string; readonly status: JobStatus };
  readonly forgotten: { readonly jobId: string };
  readonly library_wanted: { readonly key: string };
  readonly library_failed: { readonly key: string; readonly problem: Problem };
  /** `known` are the paths that were there when the page was asked for. */
  readonly library_page: MediaPage & { readonly key: string; readonly isFirst: boolean; readonly known: ReadonlySet<string> };
  readonly medium_found: { readonly item: MediaItem };
  readonly hidden: { readonly path: string };
  readonly restored: { readonly path: string };
}

type Payloads = EventPayloads & OwnPayloads;
export type Change = { readonly [Name in keyof Payloads]: { readonly type: Name; readonly data: Payloads[Name]; readonly id?: string } }[keyof Payloads];

const MOST_SEEN = 2000;
const TERMINAL: ReadonlySet<JobStatus> = new Set(['succeeded', 'failed', 'cancelled']);

export const isOver = ({ status }: Pick<Job, 'status'>): boolean => TERMINAL.has(status);
export const isEvent = (name: string): name is keyof EventPayloads => Object.hasOwn(EVENTS, name);

/** The next state; the same one where nothing changed. */
export function reduce(state: State, change: Change): State {
  const replaces = change.type === 'snapshot' || change.type === 'reset'; // these can't be a harmful repeat
  if (change.id && !replaces && state.seen.includes(change.id)) return state;
  const handlers = { ...EVENTS, ...OWN } as Record<string, (state: State, data: unknown) => State>;
  const next = handlers[change.type]!(state, change.data);
  return change.id ? { ...next, seen: [...next.seen, change.id].slice(-MOST_SEEN) } : next;
}

type Handlers<Table> = { readonly [Name in keyof Table]: (state: State, data: Table[Name]) => State };

const EVENTS: Handlers<EventPayloads> = {
  generation_queued: (state, { jobId, kind, queuePosition }) => patched(state, jobId, () => ({ kind, queuePosition })),
  generation_started: (state, { jobId }) => patched(state, jobId, (job) => ({ ...begun(job), progress: null })),
  generation_progress: (state, { jobId, progress, message, attempt, previewURL }) =>
    patched(state, jobId, (job) => {
      const isOlder = attempt < job.attempts || (attempt === job.attempts && progress !== null && progress < (job.progress ?? 0));
      return isOlder ? {} : { ...begun(job), progress, message, attempts: attempt, previewURL };
    }),
  generation_complete: (state, { jobId, result }) => withMedia(patched(state, jobId, () => ({ status: 'succeeded', progress: 100, result })), [result]),
  generation_failed: failed,
  upload_started: (state, { jobId }) => patched(state, jobId, () => ({ kind: 'upload' })),
  upload_progress: (state, { jobId, progress }) =>
    patched(state, jobId, (job) => ({ kind: 'upload', ...begun(job), progress: progress === null ? job.progress : Math.max(progress, job.progress ?? 0) })),
  upload_complete: (state, { jobId, result }) => patched(state, jobId, () => ({ kind: 'upload', status: 'succeeded', progress: 100, result })),
  upload_failed: failed,
  media_deleted: (state, { path }) => ({ ...state, gone: new Set([...state.gone, path]) }),
  snapshot: (state, { jobs }) => {
    const unconfirmed = Object.values(state.jobs).filter((job) => !job.isConfirmed);
    const known = jobs.map((job) => ({ ...job, isConfirmed: true }));
    const next = { ...state, jobs: Object.fromEntries([...unconfirmed, ...known].map((job) => [job.jobId, job])) };
    return withMedia(next, jobs.map((job) => job.result));
  },
  reset: (state) => ({ ...state, seen: [] }), // ids of another epoch say nothing about the next ones
};

const OWN: Handlers<OwnPayloads> = {
  accepted: (state, { jobId, kind, request, at }) => {
    const job = state.jobs[jobId] ?? newJob(jobId); // an event may have been faster
    return { ...state, jobs: { ...state.jobs, [jobId]: { ...job, kind, request: job.request ?? request, createdAt: job.createdAt || at } } };
  },
  described: (state, { job }) => {
    const known = state.jobs[job.jobId];
    // What events told meanwhile is younger than this answer, unless this one tells the end.
    const isNewer = known?.isConfirmed && !isOver(job);
    const next = isNewer ? { ...known, kind: job.kind, request: job.request, createdAt: job.createdAt } : { ...job, isConfirmed: true };
    return { ...state, jobs: { ...state.jobs, [job.jobId]: next } };
  },
  cancelling: (state, { jobId }) => patched(state, jobId, () => ({ status: 'cancelling' }), false),
  not_cancelled: (state, { jobId, status }) => patched(state, jobId, () => ({ status }), false),
  forgotten: (state, { jobId }) => ({ ...state, jobs: Object.fromEntries(Object.entries(state.jobs).filter(([id]) => id !== jobId)) }),
  library_wanted: (state, { key }) => viewed(state, key, { status: 'loading', problem: null }),
  library_failed: (state, { key, problem }) => viewed(state, key, { status: 'failed', problem }),
  library_page: (state, page) => {
    const media = page.isFirst ? refreshed(state.media, page) : merged(state.media, page.items);
    const view = state.views[page.key];
    const until = page.nextCursor === null ? null : (page.items.at(-1)?.createdAt ?? null);
    // A fresh first page of a view that was loaded deeper leaves it as deep as it is.
    const isShallower = page.isFirst && view?.isLoaded && isOlderThan(view.until, until);
    const depth = isShallower ? {} : { nextCursor: page.nextCursor, until };
    return viewed({ ...state, media }, page.key, { status: 'ready', problem: null, isLoaded: true, ...depth });
  },
  medium_found: (state, { item }) => ({ ...state, media: merged([item], state.media) }),
  hidden: (state, { path }) => ({ ...state, gone: new Set([...state.gone, path]) }),
  restored: (state, { path }) => ({ ...state, gone: new Set([...state.gone].filter((each) => each !== path)) }),
};

function failed(state: State, { jobId, error, code, retryable }: Failed): State {
  return patched(state, jobId, () => ({ status: code === 'cancelled' ? 'cancelled' : 'failed', error: { message: error, code, retryable } }));
}

const begun = (job: Job): Partial<Job> => ({ status: job.status === 'cancelling' ? 'cancelling' : 'running', queuePosition: null });

function newJob(jobId: string): KnownJob {
  const nothing = { kind: null, progress: null, message: null, queuePosition: null, request: null, result: null, error: null };
  return { jobId, status: 'queued', attempts: 0, createdAt: '', isConfirmed: false, ...nothing };
}

/** Changes one job; after its end nothing changes it any more. */
function patched(state: State, jobId: string, change: (job: KnownJob) => Partial<Job>, isConfirmed = true): State {
  const job = state.jobs[jobId] ?? newJob(jobId);
  if (isOver(job)) return state;
  return { ...state, jobs: { ...state.jobs, [jobId]: { ...job, ...change(job), isConfirmed: isConfirmed || job.isConfirmed } } };
}

/** With what jobs have made; what of it is there already stays as it is. */
function withMedia(state: State, results: readonly Job['result'][]): State {
  const made = results.flatMap((result) => [...((result as GenerationResult | null)?.media ?? [])].reverse());
  const known = new Set(state.media.map(({ path }) => path));
  return isSame(made, known) ? state : { ...state, media: merged(made, state.media) };
}

function viewed(state: State, key: string, change: Partial<View>): State {
  return { ...state, views: { ...state.views, [key]: { ...(state.views[key] ?? emptyView), ...change } } };
}
