/** One PUT to storage, by XMLHttpRequest: fetch does not tell how much of a body has left. */

import type { Surroundings } from './surroundings.js';
import type { UploadOpened } from './types.js';

/** `status` is 0 when the connection broke; `range` is the header of that name, which a session's answer has. */
export interface Put {
  readonly status: number;
  readonly range: string | null;
}

/** Rejects with the signal's reason alone. The URL is the right to send: no header of the API's goes along. */
export function put(
  { method, uploadURL, headers }: UploadOpened,
  further: Readonly<Record<string, string>>,
  body: Blob | null,
  { newRequest }: Surroundings,
  signal: AbortSignal | undefined,
  onSent: (bytes: number) => void,
): Promise<Put> {
  return new Promise((resolve, reject) => {
    const request = newRequest();
    const abort = (): void => {
      request.abort();
      reject(signal?.reason as Error);
    };
    const end = (): void => {
      signal?.removeEventListener('abort', abort);
      resolve({ status: request.status, range: request.status ? request.getResponseHeader('Range') : null });
    };
    request.open(method, uploadURL);
    for (const [name, value] of Object.entries({ ...headers, ...further })) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onload = end;
    request.onerror = end;
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    else request.send(body);
  });
}
