/** What the page knows of the service and can ask of it: the one place where it meets `@project/realtime`. */

import { useClient, useGenerate, useJob, useJobs, useMediaLibrary, useMediaUpload, useSnapshot } from '@project/realtime';
import type { Client, GenerationRequest, Job, MediaKind, Problem, Link as StreamLink } from '@project/realtime';
import { sentence } from '@project/ui';
import type { MediaUploaderProps, Model } from '@project/ui';
import { useEffect, useMemo, useState } from 'react';

import type { EventLog } from './eventLog.js';
import type { LibraryState } from './Library.js';
import type { Link } from './link.js';
import type { Route } from './route.js';

export interface Models {
  readonly status: 'loading' | 'ready' | 'failed';
  readonly items: readonly Model[];
  readonly reason: string;
}

export interface Service {
  readonly link: Link;
  /** Why the stream has ended, for a person. */
  readonly reason: string;
  readonly reconnect: () => void;
  readonly models: Models;
  readonly jobs: readonly Job[];
  /** The job that the address names, as soon as it is known, and until then why it is not. */
  readonly job: Job | null;
  readonly jobReason: string;
  readonly cancel: (jobId: string) => Promise<unknown>;
  readonly generate: (kind: MediaKind, request: GenerationRequest) => Promise<unknown>;
  readonly library: LibraryState;
  readonly loadMore: () => void;
  readonly refresh: () => void;
  readonly remove: (path: string) => Promise<unknown>;
  readonly uploads: Pick<MediaUploaderProps, 'upload' | 'isUploading' | 'progress'>;
}

export interface ServiceOptions {
  readonly base: string;
  readonly token: string;
  readonly log: EventLog;
  readonly route: Route;
  readonly onRefused: (token: string) => void;
  /** There is no medium at this path, or no longer. */
  readonly onMissing: (path: string) => void;
}

const MODELS_AGAIN_MS = 5000;

export function useService({ base, token, log, route, onRefused, onMissing }: ServiceOptions): Service {
  const options = useMemo(() => ({ apiPrefix: base, headers: { Authorization: `Bearer ${token}` } }), [base, token]);
  const client = useClient(options);
  useEffect(() => client.onEvent(log.add), [client, log]);
  const { jobs, link, cancel } = useJobs(options);
  const { job, error } = useJob(route.at === 'job' ? route.jobId : '', options);
  const { generate } = useGenerate(options);
  const uploads = useMediaUpload(options);
  const models = useModels(client, token);
  const library = useLibrary(client, options, route, onMissing);
  const tell = (problem: Problem | null): void => void (problem?.status === 401 && onRefused(token));
  /** The same, where the answer to it says that another token is needed. */
  const told = <Given extends unknown[], Answer>(act: (...given: Given) => Promise<Answer>) => (...given: Given): Promise<Answer> =>
    act(...given).catch((error: Problem) => {
      tell(error);
      throw error;
    });
  // Once for each answer: when another token has come, an old answer does not speak of that one.
  useEffect(() => tell(problemOf(link)), [problemOf(link)]);
  useEffect(() => tell(library.problem), [library.problem]);
  return {
    link: link.status === 'idle' ? 'connecting' : link.status,
    reason: problemOf(link)?.message ?? '',
    reconnect: client.reconnect,
    models,
    jobs,
    job,
    jobReason: error ? sentence(error.message) : 'Reading the job …',
    ...library,
    cancel: told(cancel),
    generate: told(generate),
    remove: told(library.remove),
    uploads: { ...uploads, upload: told(uploads.upload) },
  };
}

const problemOf = (link: StreamLink): Problem | null => (link.status === 'closed' ? link.problem : null);

/** Asked again for as long as there are none: without them there is no form. */
function useModels(client: Client, token: string): Models {
  const [models, setModels] = useState<Models>({ status: 'loading', items: [], reason: '' });
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (models.status === 'ready') return;
    let timer = 0;
    let isWanted = true;
    client.models().then(
      (items) => isWanted && setModels({ status: 'ready', items, reason: '' }),
      (error: Problem) => {
        if (!isWanted) return;
        setModels({ status: 'failed', items: [], reason: error.message });
        timer = setTimeout(() => setRound((before) => before + 1), MODELS_AGAIN_MS);
      },
    );
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [client, token, round]);
  return models;
}

type LibraryPart = Pick<Service, 'library' | 'loadMore' | 'refresh' | 'remove'> & { readonly problem: Problem | null };

/** The library, and the medium that the address names, which may lie deeper than what was loaded. */
function useLibrary(client: Client, options: Parameters<typeof useMediaLibrary>[0], route: Route, onMissing: ServiceOptions['onMissing']): LibraryPart {
  const { items, status, problem, hasMore, loadMore, refetch, remove } = useMediaLibrary(options);
  const { media } = useSnapshot(client);
  const path = route.at === 'medium' ? route.path : null;
  const isListed = path === null || items.some((item) => item.path === path);
  useEffect(() => {
    if (path !== null && !isListed) client.find(path).catch(({ status }: Problem) => status === 404 && onMissing(path));
  }, [client, path, isListed]);
  const further = isListed ? [] : media.filter((item) => item.path === path);
  const ignore = (): undefined => undefined; // `problem` says so
  return {
    library: { items: [...items, ...further], status, reason: problem?.message ?? '', hasMore },
    problem,
    loadMore: () => void loadMore().catch(ignore),
    refresh: () => void refetch().catch(ignore),
    remove,
  };
}
