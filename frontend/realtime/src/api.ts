/** Requests to the service as one user; one that may be sent twice is sent again when it got lost. */

import { parseJson, writeJson } from './json.js';
import { Problem, isPassing, problemOf } from './problem.js';
import { backoffMs, pause } from './surroundings.js';
import type { Surroundings } from './surroundings.js';

/** What goes with every request; a function is asked each time, so that a token can be replaced. */
export type Headers = Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);

export interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

interface Init extends RequestInit {
  readonly headers: Readonly<Record<string, string>>;
}

export interface Api {
  /** A request with the user's headers beside its own, whatever is answered. */
  readonly fetch: (path: string, init: Init) => Promise<Response>;
  /** The answer's JSON, null for a 204. Rejects with a `Problem`. */
  readonly call: <Answer>(path: string, call?: Call) => Promise<Answer>;
  /** The same, sent again while what is wrong may pass. For what has the same effect however often it arrives. */
  readonly insist: <Answer>(path: string, call?: Call) => Promise<Answer>;
}

const TRIES = 5;
const FIRST_WAIT_MS = 1000;

export function createApi(base: string, headers: Headers, surroundings: Surroundings): Api {
  const allHeaders = (): Readonly<Record<string, string>> => (typeof headers === 'function' ? headers() : headers);

  async function fetch(path: string, init: Init): Promise<Response> {
    const ask = (theirs: Readonly<Record<string, string>>): Promise<Response> => surroundings.fetch(base + path, { ...init, headers: { ...theirs, ...init.headers } });
    const before = allHeaders();
    const response = await ask(before);
    const now = allHeaders();
    // A 401 to a token that was replaced meanwhile says nothing of the one that took its place.
    return response.status === 401 && JSON.stringify(now) !== JSON.stringify(before) ? ask(now) : response;
  }

  async function call<Answer>(path: string, { method = 'GET', body, headers: own, signal }: Call = {}): Promise<Answer> {
    const init: Init = {
      method,
      cache: 'no-store',
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...own },
      ...(body !== undefined && { body: writeJson(body) }),
      ...(signal && { signal }),
    };
    const response = await fetch(path, init).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new Problem(surroundings.isOnline() ? 'The service could not be reached.' : 'You are offline.', { cause: error } as object);
    });
    if (!response.ok) throw await problemOf(response, surroundings.now());
    if (response.status === 204) return null as Answer;
    const text = await response.text().catch(() => '');
    try {
      return parseJson(text) as Answer;
    } catch {
      throw new Problem('The answer of the service was cut off.');
    }
  }

  async function insist<Answer>(path: string, request: Call = {}): Promise<Answer> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await call<Answer>(path, request);
      } catch (error) {
        if (!(error instanceof Problem) || !isPassing(error) || failures + 1 === TRIES) throw error;
        await pause(error.retryAfterMs ?? backoffMs(failures, FIRST_WAIT_MS, surroundings.random()), surroundings, request.signal);
        request.signal?.throwIfAborted();
      }
    }
  }

  return { fetch, call, insist };
}
