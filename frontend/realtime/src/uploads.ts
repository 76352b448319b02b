/** Uploads from the file to the live URL: sends, then waits for the event that says how it ended. */

import type { Api } from './api.js';
import { Problem } from './problem.js';
import { isOver } from './state.js';
import type { Link } from './stream.js';
import type { Surroundings } from './surroundings.js';
import type { Job, UploadResult } from './types.js';
import { send } from './upload.js';

export interface UploadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Percent of the file's bytes that have left this browser. */
  readonly onProgress?: ((progress: number) => void) | undefined;
  /** The same in bytes. */
  readonly onSent?: ((bytes: number) => void) | undefined;
}

export interface Uploads {
  readonly upload: (file: File, options?: UploadOptions) => Promise<UploadResult>;
  /** The jobs whose end somebody waits for. */
  readonly awaited: () => readonly string[];
}

interface Dependencies {
  readonly api: Api;
  readonly surroundings: Surroundings;
  readonly subscribe: (listener: () => void) => () => void;
  readonly describe: (jobId: string) => Promise<void>;
  readonly jobOf: (jobId: string) => Job | undefined;
  readonly link: () => Link;
}

export function createUploads({ api, surroundings, subscribe, describe, jobOf, link }: Dependencies): Uploads {
  const awaited = new Set<string>();

  /** How the job ended. Its events may have come before anybody asked. */
  function ending(jobId: string, signal: AbortSignal | undefined): Promise<UploadResult> {
    awaited.add(jobId);
    return new Promise<UploadResult>((resolve, reject) => {
      const look = (): void => {
        const job = jobOf(jobId);
        const { status, ...rest } = link();
        if (job && isOver(job)) settle(job, resolve, reject);
        else if (status === 'closed') reject((rest as { readonly problem?: Problem }).problem ?? new Problem('The event stream was closed.'));
        else return;
        stop();
      };
      const abort = (): void => {
        api.call(`/jobs/${jobId}/cancel`, { method: 'POST' }).catch(() => undefined);
        reject(signal?.reason as Error);
        stop();
      };
      const end = subscribe(look);
      const stop = (): void => {
        signal?.removeEventListener('abort', abort);
        awaited.delete(jobId);
        end();
      };
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();
      else look();
      // A stream that opened after the upload began has a snapshot with it; one that was open all the time has its events.
      if (awaited.has(jobId) && link().status !== 'live') void describe(jobId).catch(() => undefined);
    });
  }

  async function upload(file: File, { signal, onProgress, onSent }: UploadOptions = {}): Promise<UploadResult> {
    // The stream is there before anything is told of this upload.
    const end = subscribe(() => undefined);
    try {
      signal?.throwIfAborted();
      const { jobId } = await send(file, api, surroundings, {
        signal,
        onSent(bytes) {
          const sent = Math.min(bytes, file.size); // a request's count may include more than the file
          onSent?.(sent);
          onProgress?.(file.size ? (100 * sent) / file.size : 100);
        },
      });
      return await ending(jobId, signal);
    } finally {
      end();
    }
  }

  return { upload, awaited: () => [...awaited] };
}

function settle(job: Job, resolve: (result: UploadResult) => void, reject: (error: Problem) => void): void {
  if (job.status === 'succeeded' && job.result) resolve(job.result as UploadResult);
  else reject(new Problem(job.error?.message ?? 'The upload is not kept.', { code: job.error?.code ?? 'upload_incomplete' }));
}
