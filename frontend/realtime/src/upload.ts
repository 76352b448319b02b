/** Sends one file: opened at the service, sent straight to storage, completed; again where the network or a URL failed. */

import type { Api } from './api.js';
import { Problem, isPassing } from './problem.js';
import { put } from './put.js';
import type { Put } from './put.js';
import { backoffMs, pause } from './surroundings.js';
import type { Surroundings } from './surroundings.js';
import type { UploadAccepted, UploadOpened } from './types.js';

/** `onSent` is called with the bytes of this file that have left, or that storage has confirmed after an interruption. */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onSent: (bytes: number) => void;
}

/** A multiple of 256 KiB, as resumable sessions want it. */
const CHUNK_BYTES = 8 * 1024 * 1024;
const MOST_FAILURES = 8;
const MOST_URLS = 3;
const FIRST_WAIT_MS = 1000;
const RESUME_INCOMPLETE = 308;

/** The upload can't go on with what it was opened with. */
class Stale extends Error {}

/** Sends `file`; the job that verifies it. Rejects with a `Problem`, or with the signal's reason. */
export async function send(file: File, api: Api, surroundings: Surroundings, options: SendOptions): Promise<UploadAccepted> {
  if (!file.size) throw new Problem('The file is empty.', { code: 'invalid_request' });
  let resumable = false;
  for (let urls = 1; ; urls += 1) {
    const body = { filename: file.name, contentType: file.type, size: file.size, ...(resumable && { resumable }) };
    // Not to be broken off: of an upload that was opened without our hearing of it nobody could give the room back.
    const opened = await api.insist<UploadOpened>('/media/upload/init', { method: 'POST', body });
    try {
      options.signal?.throwIfAborted();
      await (opened.resumable ? sendChunks : sendWhole)(opened, file, surroundings, options);
      return await complete(opened, api, options.signal);
    } catch (error) {
      // Nobody will complete it: what it holds of the user's quota is given back at once, and not when it expires.
      api.call('/media/upload/abort', { method: 'POST', body: { objectPath: opened.objectPath } }).catch(() => undefined);
      options.signal?.throwIfAborted();
      if (!(error instanceof Stale) || urls === MOST_URLS) throw error instanceof Stale ? new Problem(error.message) : error;
      resumable = true; // what broke off once had better be able to go on the next time
    }
  }
}

async function complete({ objectPath }: UploadOpened, api: Api, signal: AbortSignal | undefined): Promise<UploadAccepted> {
  try {
    return await api.insist('/media/upload/complete', { method: 'POST', body: { objectPath }, signal });
  } catch (error) {
    // A store in memory that was restarted after the last byte has none of them any more.
    throw error instanceof Problem && error.code === 'upload_incomplete' ? new Stale('Storage has lost the file.') : error;
  }
}

/** One PUT. Whatever breaks it off, the next try is a session that can resume. */
async function sendWhole(opened: UploadOpened, file: File, surroundings: Surroundings, { signal, onSent }: SendOptions): Promise<void> {
  const answer = await put(opened, {}, file, surroundings, signal, onSent);
  if (answer.status === 200 || answer.status === 412) return; // 412: the bytes are there already
  if (answer.status === 0) await pause(FIRST_WAIT_MS, surroundings, signal);
  throw failureOf(answer);
}

async function sendChunks(opened: UploadOpened, file: File, surroundings: Surroundings, { signal, onSent }: SendOptions): Promise<void> {
  let confirmed: number | null = 0; // null: storage has to be asked how far it is
  for (let failures = 0; confirmed !== file.size; ) {
    const from: number | null = confirmed;
    const chunk = from === null ? null : file.slice(from, from + CHUNK_BYTES);
    const range = chunk ? `${from}-${from! + chunk.size - 1}` : '*';
    const answer = await put(opened, { 'Content-Range': `bytes ${range}/${file.size}` }, chunk, surroundings, signal, (bytes) => {
      if (from !== null) onSent(from + bytes);
    });
    if (answer.status === RESUME_INCOMPLETE || answer.status === 200) {
      confirmed = answer.status === 200 ? file.size : afterRange(answer.range);
      failures = confirmed === from ? failures + 1 : 0;
      onSent(confirmed);
    } else if (isPassing(new Problem('', answer)) || answer.status === 0) {
      failures += 1;
      confirmed = null;
    } else throw failureOf(answer);
    if (failures > MOST_FAILURES) throw failureOf(answer);
    if (failures) await pause(backoffMs(failures - 1, FIRST_WAIT_MS, surroundings.random()), surroundings, signal);
  }
}

/** `bytes=0-41`: 42 bytes are there; none without the header. */
const afterRange = (range: string | null): number => Number(/-(\d+)$/.exec(range ?? '')?.[1] ?? -1) + 1;

/** What a fresh URL may mend (a lost connection, a URL that expired, a session that is over), and what it will not. */
function failureOf({ status }: Put): Error {
  if (status === 413 || status === 507 || status === 400) return new Problem(`Storage refused the file with the status ${status}.`, { status });
  return new Stale(status ? `Storage answered ${status}.` : 'The connection to storage broke.');
}
