/** What a client needs of the browser, so that a test can be another one. */

export interface Surroundings {
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  readonly newRequest: () => XMLHttpRequest;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly isOnline: () => boolean;
  /** Calls back after so many milliseconds; what it returns takes that back. */
  readonly later: (milliseconds: number, then: () => void) => () => void;
  /** Calls back when waiting may have become needless: the network is back, or somebody looks again. */
  readonly onWake: (then: () => void) => () => void;
  /** Calls back when the network is gone; an open connection may not notice it for a long time. */
  readonly onOffline: (then: () => void) => () => void;
}

export const browser: Surroundings = {
  fetch: (url, init) => fetch(url, init),
  newRequest: () => new XMLHttpRequest(),
  now: Date.now,
  random: Math.random,
  isOnline: () => navigator.onLine,
  later: (milliseconds, then) => {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
  onWake: (then) => {
    const look = (): void => {
      if (document.visibilityState === 'visible') then();
    };
    addEventListener('online', then);
    document.addEventListener('visibilitychange', look);
    return () => {
      removeEventListener('online', then);
      document.removeEventListener('visibilitychange', look);
    };
  },
  onOffline: (then) => {
    addEventListener('offline', then);
    return () => removeEventListener('offline', then);
  },
};

const MOST_BACKOFF_MS = 30_000;

/** Exponential, with jitter over the upper half, so that the clients of one restart don't come back in step. */
export function backoffMs(failures: number, baseMs: number, random: number): number {
  return Math.min(MOST_BACKOFF_MS, baseMs * 2 ** failures) * (0.5 + random / 2);
}

/** Waits, but no longer than until it may be needless or `signal` is aborted. */
export function pause(milliseconds: number, { later, onWake }: Surroundings, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      stopTimer();
      stopWaking();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const stopTimer = later(milliseconds, end);
    const stopWaking = onWake(end);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
}
