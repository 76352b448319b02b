/** The one event stream of a page. By fetch, because `EventSource` can't send a token, and ends for good on a 502. */

import type { Api } from './api.js';
import { problemOf } from './problem.js';
import type { Problem } from './problem.js';
import { createSseParser } from './sse.js';
import type { RawEvent } from './sse.js';
import { backoffMs, pause } from './surroundings.js';
import type { Surroundings } from './surroundings.js';

export type Link =
  | { readonly status: 'idle' | 'connecting' | 'live' | 'reconnecting' | 'offline' }
  /** What was answered will not change by asking again: another token is needed, or another right. */
  | { readonly status: 'closed'; readonly problem: Problem | null };

export interface StreamHandlers {
  readonly onEvent: (event: RawEvent) => void;
  readonly onLink: (link: Link) => void;
}

const RETRY_MS = 3000;
const IDLE_LIMIT_MS = 45_000; // the service comments every 15 s: three missed ones mean a dead line
const FINAL: ReadonlySet<number> = new Set([204, 401, 403]);

interface End {
  readonly wasOpen: boolean;
  readonly status: number;
  readonly problem: Problem | null;
}

/** Where to resume from. Between a reset and its snapshot an id is no such place: the state is not whole yet. */
interface Place {
  id: string;
  isWhole: boolean;
  retryMs: number;
}

/** A place that survives the stream, so that one which is opened anew goes on where the last one was. */
export const newPlace = (): Place => ({ id: '', isWhole: false, retryMs: RETRY_MS });

/** Streams until `signal` is aborted or the service says that it will not. */
export async function stream(api: Api, place: Place, handlers: StreamHandlers, surroundings: Surroundings, signal: AbortSignal): Promise<void> {
  let failures = 0;
  handlers.onLink({ status: 'connecting' });
  while (!signal.aborted) {
    const end = await connect(api, place, handlers, surroundings, signal);
    if (signal.aborted) return;
    if (FINAL.has(end.status)) {
      handlers.onLink({ status: 'closed', problem: end.problem });
      return;
    }
    if (end.wasOpen) failures = 0;
    handlers.onLink({ status: surroundings.isOnline() ? 'reconnecting' : 'offline' });
    await pause(end.problem?.retryAfterMs ?? backoffMs(failures, place.retryMs, surroundings.random()), surroundings, signal);
    failures += 1;
  }
}

/** One connection, to its end. */
async function connect(api: Api, place: Place, { onEvent, onLink }: StreamHandlers, surroundings: Surroundings, signal: AbortSignal): Promise<End> {
  const line = new AbortController();
  const cut = (): void => line.abort();
  signal.addEventListener('abort', cut);
  const stopListening = surroundings.onOffline(cut);
  let stopWatching = (): void => undefined;
  const watch = (): void => {
    stopWatching();
    stopWatching = surroundings.later(IDLE_LIMIT_MS, cut);
  };
  let wasOpen = false;
  try {
    watch();
    const resume = place.isWhole && place.id ? { 'Last-Event-ID': place.id } : {};
    const headers = { Accept: 'text/event-stream', ...resume };
    const response = await api.fetch('/events', { headers, signal: line.signal, cache: 'no-store' });
    if (response.status !== 200 || !response.headers.get('Content-Type')?.startsWith('text/event-stream') || !response.body) {
      if (response.status === 400) place.isWhole = false; // an id that can't be used must not be sent for ever
      return { wasOpen, status: response.status === 200 ? 0 : response.status, problem: await problemOf(response, surroundings.now()) };
    }
    wasOpen = true;
    onLink({ status: 'live' });
    await read(response.body, place, onEvent, watch);
    return { wasOpen, status: 200, problem: null };
  } catch {
    return { wasOpen, status: 0, problem: null }; // the line broke, or the watch cut it
  } finally {
    stopWatching();
    stopListening();
    signal.removeEventListener('abort', cut);
    line.abort();
  }
}

async function read(body: ReadableStream<Uint8Array>, place: Place, onEvent: (event: RawEvent) => void, onLife: () => void): Promise<void> {
  const decoder = new TextDecoder(); // keeps half characters, drops a BOM
  const receive = (event: RawEvent): void => {
    if (event.type === 'snapshot' || event.type === 'reset') place.isWhole = event.type === 'snapshot';
    onEvent(event);
  };
  const parser = createSseParser(place.id, { onEvent: receive, onRetry: (milliseconds) => (place.retryMs = milliseconds) });
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onLife();
    parser.feed(decoder.decode(value, { stream: true }));
    place.id = parser.lastEventId();
  }
}
