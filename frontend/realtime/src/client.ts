/** One user's dealings with one service: what is known as a store, and what can be asked for as functions. */

import { createApi } from './api.js';
import type { Call, Headers } from './api.js';
import { newUuid } from './ids.js';
import { emptyView, keyOf, shown } from './library.js';
import type { View } from './library.js';
import { parseJson } from './json.js';
import { Problem } from './problem.js';
import type { RawEvent } from './sse.js';
import { NOTHING, isEvent, isOver, reduce } from './state.js';
import type { Change, State } from './state.js';
import { createStore } from './store.js';
import type { Store } from './store.js';
import { newPlace, stream } from './stream.js';
import type { Link } from './stream.js';
import { browser } from './surroundings.js';
import type { Surroundings } from './surroundings.js';
import type { GenerationRequest, Job, JobAccepted, JobView, LibraryQuery, MediaItem, MediaKind, MediaPage, ModelInfo, Models, UploadResult } from './types.js';
import { createUploads } from './uploads.js';
import type { UploadOptions } from './uploads.js';

/** Every path begins with `apiPrefix`, such as `https://media.example`, and the base path `serviceName`; both may be empty. */
export interface ClientOptions {
  readonly apiPrefix?: string | undefined;
  readonly serviceName?: string | undefined;
  /** What goes with every request; a function is asked each time, so that a token can be replaced. */
  readonly headers?: Headers | undefined;
}

/** `jobs` and what has a time in general: newest first. */
export interface Snapshot {
  readonly jobs: readonly Job[];
  readonly media: readonly MediaItem[];
  readonly link: Link;
}

/** A part of the library, as far as it was loaded. */
export interface LibraryView extends Pick<View, 'status' | 'problem'> {
  readonly items: readonly MediaItem[];
  readonly hasMore: boolean;
}

export interface Client extends Store<Snapshot> {
  /** Each event as it came, for whoever wants to see the wire. */
  readonly onEvent: (listener: (event: RawEvent) => void) => () => void;
  /** Opens the stream anew, at once, where the last one was. */
  readonly reconnect: () => void;
  /** Ends everything. A client that nobody subscribes to has no stream open either. */
  readonly close: () => void;
  readonly setHeaders: (headers: Headers) => void;
  /** Any request to the service: its answer's JSON. Rejects with a `Problem`, as all of these do. */
  readonly call: <Answer>(path: string, call?: Call) => Promise<Answer>;
  readonly models: () => Promise<readonly ModelInfo[]>;
  /** Accepts a job; sent again under the same idempotency key where it got lost. */
  readonly generate: (kind: MediaKind, request: GenerationRequest) => Promise<JobAccepted>;
  readonly cancel: (jobId: string) => Promise<void>;
  /** Learns what the stream does not tell: the request of a job, or a whole job that ended long ago. */
  readonly describe: (jobId: string) => Promise<void>;
  /** Takes a job out of the list of this page alone. */
  readonly dismiss: (jobId: string) => void;
  /** Learns of one medium, wherever in the library it is. */
  readonly find: (path: string) => Promise<void>;
  readonly library: (query?: LibraryQuery) => LibraryView;
  /** The first page, fresh; or, with `more`, the one behind what is there. */
  readonly load: (query?: LibraryQuery, more?: boolean) => Promise<void>;
  /** Gone at once, and back again when the service refuses. */
  readonly remove: (path: string) => Promise<void>;
  /** Resolves when the object is verified and its URL live. */
  readonly upload: (file: File, options?: UploadOptions) => Promise<UploadResult>;
}

const LINGER_MS = 1000;
const NO_LINK: Link = { status: 'idle' };

/** The service's own path of a medium, its segments escaped. */
const mediaPath = (path: string): string => `/media/${path.replace(/^media\//, '').split('/').map(encodeURIComponent).join('/')}`;

export const baseOf = ({ apiPrefix = '', serviceName = '' }: ClientOptions): string => apiPrefix.replace(/\/+$/, '') + (serviceName && `/${serviceName.replace(/^\/+|\/+$/g, '')}`);

export function createClient(options: ClientOptions = {}, surroundings: Surroundings = browser): Client {
  let headers: Headers = options.headers ?? {};
  const api = createApi(baseOf(options), () => (typeof headers === 'function' ? headers() : headers), surroundings);
  const store = createStore<Snapshot>({ jobs: [], media: [], link: NO_LINK });
  const watchers = new Set<(event: RawEvent) => void>();
  const place = newPlace();
  const loading = new Map<string, Promise<void>>();
  const describing = new Map<string, Promise<void>>();
  let state: State = NOTHING;
  let line: AbortController | null = null;
  let users = 0;
  let isClosed = false;

  function publish(link: Link = store.getSnapshot().link): void {
    const media = state.media.filter(({ path }) => !state.gone.has(path));
    const jobs = Object.values(state.jobs).sort((a, b) => Date.parse(b.createdAt || '9999') - Date.parse(a.createdAt || '9999'));
    store.set({ jobs, media, link });
  }

  function change(next: Change): void {
    const before = state;
    state = reduce(state, next);
    if (state !== before) publish();
  }

  function receive(event: RawEvent): void {
    for (const watcher of watchers) watcher(event);
    if (!isEvent(event.type)) return; // one that a later service tells
    change({ type: event.type, data: parseJson(event.data), id: event.id } as Change);
    if (event.type === 'snapshot') catchUp();
    if (event.type === 'upload_complete') {
      const { result } = parseJson(event.data) as { readonly result: UploadResult | null };
      if (result) void find(result.path).catch(() => undefined);
    }
  }

  /** What a snapshot does not have: the media that came and went while nobody listened, and how awaited jobs ended. */
  function catchUp(): void {
    for (const key of Object.keys(state.views)) void load(Object.fromEntries(new URLSearchParams(key)) as LibraryQuery).catch(() => undefined);
    for (const jobId of uploads.awaited()) if (!state.jobs[jobId] || !isOver(state.jobs[jobId])) void describe(jobId).catch(() => undefined);
  }

  function start(): void {
    if (line || isClosed) return;
    line = new AbortController();
    void stream(api, place, { onEvent: receive, onLink: publish }, surroundings, line.signal);
  }

  function stop(link: Link): void {
    line?.abort();
    line = null;
    publish(link);
  }

  function subscribe(listener: () => void): () => void {
    const end = store.subscribe(listener);
    users += 1;
    start();
    let isOn = true;
    return () => {
      if (!isOn) return;
      isOn = false;
      end();
      users -= 1;
      // A page that is drawn anew subscribes again at once.
      if (!users) surroundings.later(LINGER_MS, () => void (users || !line || stop(NO_LINK)));
    };
  }

  function reconnect(): void {
    if (!line) return;
    line.abort();
    line = null;
    start();
  }

  /** One at a time for each key: who comes second waits for the same. */
  function once(running: Map<string, Promise<void>>, key: string, work: () => Promise<void>): Promise<void> {
    const promise = running.get(key) ?? work().finally(() => running.delete(key));
    running.set(key, promise);
    return promise;
  }

  const describe = (jobId: string): Promise<void> =>
    once(describing, jobId, async () => change({ type: 'described', data: { job: await api.insist<JobView>(`/jobs/${encodeURIComponent(jobId)}`) } }));

  async function find(path: string): Promise<void> {
    if (state.gone.has(path)) throw new Problem('It was deleted.', { status: 404, code: 'not_found' });
    if (state.media.some((item) => item.path === path)) return;
    change({ type: 'medium_found', data: { item: await api.insist<MediaItem>(mediaPath(path)) } });
  }

  function load(query: LibraryQuery = {}, more = false): Promise<void> {
    const key = keyOf(query);
    return once(loading, key, async () => {
      const cursor = more ? state.views[key]?.nextCursor : null;
      if (more && !cursor) return;
      change({ type: 'library_wanted', data: { key } });
      const known = new Set(state.media.map(({ path }) => path));
      const parameters = new URLSearchParams(key);
      if (cursor) parameters.set('cursor', cursor);
      try {
        const page = await api.insist<MediaPage>(`/media?${parameters}`);
        change({ type: 'library_page', data: { ...page, key, isFirst: !cursor, known } });
      } catch (error) {
        change({ type: 'library_failed', data: { key, problem: error as Problem } });
        throw error;
      }
    });
  }

  async function generate(kind: MediaKind, request: GenerationRequest): Promise<JobAccepted> {
    const accepted = await api.insist<JobAccepted>(`/generate/${kind}`, { method: 'POST', body: request, headers: { 'Idempotency-Key': newUuid() } });
    const at = new Date(surroundings.now()).toISOString();
    change({ type: 'accepted', data: { jobId: accepted.jobId, kind, request: { ...request }, at } });
    return accepted;
  }

  async function cancel(jobId: string): Promise<void> {
    const before = state.jobs[jobId]?.status;
    change({ type: 'cancelling', data: { jobId } });
    try {
      await api.insist(`/jobs/${encodeURIComponent(jobId)}/cancel`, { method: 'POST' });
    } catch (error) {
      if (before) change({ type: 'not_cancelled', data: { jobId, status: before } });
      throw error;
    }
  }

  async function remove(path: string): Promise<void> {
    change({ type: 'hidden', data: { path } });
    try {
      await api.insist(mediaPath(path), { method: 'DELETE' });
    } catch (error) {
      change({ type: 'restored', data: { path } });
      throw error;
    }
  }

  const uploads = createUploads({ api, surroundings, subscribe, describe, jobOf: (jobId) => state.jobs[jobId], link: () => store.getSnapshot().link });

  return {
    subscribe,
    getSnapshot: store.getSnapshot,
    onEvent(listener) {
      watchers.add(listener);
      return () => void watchers.delete(listener);
    },
    reconnect,
    close() {
      isClosed = true;
      stop({ status: 'closed', problem: null });
    },
    setHeaders(next) {
      headers = next;
      if (store.getSnapshot().link.status === 'closed') reconnect(); // another token may be taken
    },
    call: api.call,
    models: async () => (await api.insist<Models>('/models')).items,
    generate,
    cancel,
    describe,
    dismiss: (jobId) => change({ type: 'forgotten', data: { jobId } }),
    library(query = {}) {
      const key = keyOf(query);
      const view = state.views[key] ?? emptyView;
      return { status: view.status, problem: view.problem, items: shown(state.media, state.gone, key, view), hasMore: view.nextCursor !== null };
    },
    find,
    load,
    remove,
    upload: uploads.upload,
  };
}
