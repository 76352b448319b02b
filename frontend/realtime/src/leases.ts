/** The clients of a page: one for each service and user, for as long as somebody holds it. */

import { baseOf, createClient } from './client.js';
import type { Client, ClientOptions } from './client.js';
import type { Headers } from './api.js';

export interface Lease {
  readonly key: string;
  readonly client: Client;
  /** Keeps the client; what it returns gives it back. */
  readonly hold: () => () => void;
}

const LINGER_MS = 2000;
const held = new Map<string, { readonly client: Client; holders: number }>();

const entriesOf = (headers: Headers): [string, string][] => Object.entries(typeof headers === 'function' ? headers() : headers);

/** Their `Authorization`, as it is now. */
export const authorizationOf = (headers: Headers = {}): string | undefined => entriesOf(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];

/** Who the headers speak for: the `sub` of a JWT, which outlives its tokens, else the headers themselves. */
export function userOf(headers: Headers = {}): string {
  const token = authorizationOf(headers)?.split('.')[1];
  try {
    const claims = JSON.parse(atob((token ?? '').replaceAll('-', '+').replaceAll('_', '/'))) as { readonly sub?: unknown };
    if (typeof claims.sub === 'string') return claims.sub;
  } catch {
    // no JWT
  }
  return JSON.stringify(entriesOf(headers));
}

export function lease(options: ClientOptions): Lease {
  const key = `${baseOf(options)}\n${userOf(options.headers)}`;
  const entry = held.get(key) ?? { client: createClient(options), holders: 0 };
  held.set(key, entry);
  const hold = (): (() => void) => {
    held.set(key, entry);
    entry.holders += 1;
    return () => {
      entry.holders -= 1;
      // A page that is drawn anew holds it again at once. Nothing of a user who has left is kept.
      setTimeout(() => {
        if (entry.holders || held.get(key) !== entry) return;
        entry.client.close();
        held.delete(key);
      }, LINGER_MS);
    };
  };
  return { key, client: entry.client, hold };
}
