/** Thin React hooks on the client: one client, and one stream, for each service and user of a page. */

import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';

import type { Client, ClientOptions, LibraryView, Snapshot } from './client.js';
import { authorizationOf, lease } from './leases.js';
import { Problem } from './problem.js';
import { share } from './share.js';
import type { Share } from './share.js';
import type { Link } from './stream.js';
import type { GenerationRequest, Job, JobAccepted, LibraryQuery, MediaKind, UploadResult } from './types.js';
import type { UploadOptions } from './uploads.js';

/** The page's client of this service and user; `headers` may be another object or function, or have another token, in each render. */
export function useClient(options: ClientOptions = {}): Client {
  const { key, client, hold } = lease(options);
  useEffect(() => hold(), [key]);
  const { headers } = options;
  const latest = useRef(headers);
  useEffect(() => {
    latest.current = headers;
  });
  // Of a function's headers the token alone says that they are others: some may be new each time.
  const given = typeof headers === 'function' ? authorizationOf(headers) : JSON.stringify(headers);
  useEffect(() => {
    const now = (): Readonly<Record<string, string>> => (typeof latest.current === 'function' ? latest.current() : (latest.current ?? {}));
    if (headers) client.setHeaders(now);
  }, [client, given]);
  return client;
}

/** What is known of jobs, media and the stream; the component is drawn anew as it changes. */
export function useSnapshot(client: Client): Snapshot {
  return useSyncExternalStore(client.subscribe, client.getSnapshot, client.getSnapshot);
}

export interface UseJobs {
  /** Newest first: unfinished ones, and what ended lately. */
  readonly jobs: readonly Job[];
  readonly link: Link;
  readonly cancel: (jobId: string) => Promise<void>;
  readonly dismiss: (jobId: string) => void;
}

export function useJobs(options?: ClientOptions): UseJobs {
  const client = useClient(options);
  const { jobs, link } = useSnapshot(client);
  const bare = jobs.filter(({ request }) => request === null).map(({ jobId }) => jobId).join();
  useEffect(() => {
    for (const jobId of bare ? bare.split(',') : []) client.describe(jobId).catch(() => undefined);
  }, [client, bare]);
  return { jobs, link, cancel: client.cancel, dismiss: client.dismiss };
}

export interface UseJob {
  /** Null until it is known. */
  readonly job: Job | null;
  /** Why it can't be known: a 404 for one that is not the user's. */
  readonly error: Problem | null;
  readonly cancel: () => Promise<void>;
}

export function useJob(jobId: string, options?: ClientOptions): UseJob {
  const client = useClient(options);
  const job = useSnapshot(client).jobs.find((each) => each.jobId === jobId) ?? null;
  const [failure, setFailure] = useState<{ readonly jobId: string; readonly error: Problem } | null>(null);
  const isMissing = !job?.request;
  useEffect(() => {
    if (jobId && isMissing) client.describe(jobId).catch((error: Problem) => setFailure({ jobId, error }));
  }, [client, jobId, isMissing]);
  return { job, error: !job && failure?.jobId === jobId ? failure.error : null, cancel: useCallback(() => client.cancel(jobId), [client, jobId]) };
}

export interface UseGenerate {
  readonly generate: (kind: MediaKind, request: GenerationRequest) => Promise<JobAccepted>;
  readonly isSubmitting: boolean;
  readonly error: Problem | null;
  readonly reset: () => void;
}

export function useGenerate(options?: ClientOptions): UseGenerate {
  const client = useClient(options);
  const [pending, setPending] = useState(0);
  const [error, setError] = useState<Problem | null>(null);
  const generate = useCallback(
    async (kind: MediaKind, request: GenerationRequest) => {
      setPending((count) => count + 1);
      setError(null);
      try {
        return await client.generate(kind, request);
      } catch (problem) {
        setError(problem as Problem);
        throw problem;
      } finally {
        setPending((count) => count - 1);
      }
    },
    [client],
  );
  return { generate, isSubmitting: pending > 0, error, reset: useCallback(() => setError(null), []) };
}

export interface UseMediaLibrary extends LibraryView {
  readonly loadMore: () => Promise<void>;
  readonly refetch: () => Promise<void>;
  /** Gone at once; back again, and rejected, when the service refuses. */
  readonly remove: (path: string) => Promise<void>;
}

/** The library, or a part of it, page by page; what is made, uploaded and deleted meanwhile comes and goes by itself. */
export function useMediaLibrary(options: ClientOptions & LibraryQuery = {}): UseMediaLibrary {
  const client = useClient(options);
  const { prefix, kind, source } = options;
  const query = useMemo(() => ({ prefix, kind, source }), [prefix, kind, source]);
  useSnapshot(client);
  const refetch = useCallback(() => client.load(query), [client, query]);
  const loadMore = useCallback(() => client.load(query, true), [client, query]);
  useEffect(() => {
    refetch().catch(() => undefined); // `problem` says so
  }, [refetch]);
  return { ...client.library(query), loadMore, refetch, remove: client.remove };
}

export interface UseMediaUpload extends Share {
  /** Resolves when the object is verified and its URL live; rejects with the failure, whose `code` says why. */
  readonly upload: (file: File, options?: UploadOptions) => Promise<UploadResult>;
  readonly error: Error | null;
  readonly reset: () => void;
}

/** Uploads of one component: any number at once, whose progress counts together, by their bytes. */
export function useMediaUpload(options?: ClientOptions): UseMediaUpload {
  const client = useClient(options);
  const [sharing] = useState(share);
  const current = useSyncExternalStore(sharing.subscribe, sharing.getSnapshot, sharing.getSnapshot);
  const [error, setError] = useState<Error | null>(null);
  const latest = useRef(client);
  useEffect(() => {
    latest.current = client;
  });
  const upload = useCallback(
    async (file: File, given: UploadOptions = {}) => {
      setError(null);
      const part = sharing.add(file.size);
      const onSent = (bytes: number): void => {
        part.sent(bytes);
        given.onSent?.(bytes);
      };
      try {
        const result = await latest.current.upload(file, { ...given, onSent });
        part.done();
        return result;
      } catch (reason) {
        part.failed();
        if (!given.signal?.aborted) setError(reason as Error);
        throw reason;
      }
    },
    [sharing],
  );
  const reset = useCallback(() => {
    setError(null);
    sharing.reset();
  }, [sharing]);
  return { ...current, upload, error, reset };
}
