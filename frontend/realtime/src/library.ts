/** The user's media as far as they are known, and the views on them: what matches a query, as deep as was loaded. */

import type { Problem } from './problem.js';
import type { LibraryQuery, MediaItem, MediaPage } from './types.js';

/** `until` is the moment down to which everything is known, null for all. */
export interface View {
  readonly status: 'idle' | 'loading' | 'ready' | 'failed';
  readonly problem: Problem | null;
  readonly isLoaded: boolean;
  readonly nextCursor: string | null;
  readonly until: string | null;
}

export const emptyView: View = { status: 'idle', problem: null, isLoaded: false, nextCursor: null, until: null };

const timeOf = (moment: string | null): number => (moment === null ? Number.NEGATIVE_INFINITY : Date.parse(moment));
export const isOlderThan = (moment: string | null, other: string | null): boolean => timeOf(moment) < timeOf(other);
export const isSame = (items: readonly MediaItem[], known: ReadonlySet<string>): boolean => items.every(({ path }) => known.has(path));

/** The same text for the same query. */
export function keyOf({ prefix, kind, source }: LibraryQuery): string {
  const given = Object.entries({ prefix, kind, source }).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return new URLSearchParams(given).toString();
}

/** Whether the service would list it for the query; a path is `media/{user}/{prefix…}`. */
export function matches(item: MediaItem, key: string): boolean {
  const query = new URLSearchParams(key);
  const isOf = (name: 'kind' | 'source'): boolean => !query.has(name) || query.get(name) === item[name];
  return isOf('kind') && isOf('source') && item.path.split('/').slice(2).join('/').startsWith(query.get('prefix') ?? '');
}

/** What a view shows. What is known beyond its depth, from another view, stays away: something may be missing between. */
export function shown(media: readonly MediaItem[], gone: ReadonlySet<string>, key: string, { until }: View): readonly MediaItem[] {
  return media.filter((item) => !gone.has(item.path) && !isOlderThan(item.createdAt, until) && matches(item, key));
}

/** Newest first, one entry per path; the sort is stable, so that equal moments keep the order they came in. */
export function merged(...lists: (readonly MediaItem[])[]): readonly MediaItem[] {
  const byPath = new Map<string, MediaItem>();
  for (const item of lists.flat()) if (!byPath.has(item.path)) byPath.set(item.path, item);
  return [...byPath.values()].sort((a, b) => timeOf(b.createdAt) - timeOf(a.createdAt));
}

/** A fresh first page also removes what vanished meanwhile, but never what arrived while it was on its way. */
export function refreshed(
  media: readonly MediaItem[],
  { items, nextCursor, key, known }: MediaPage & { readonly key: string; readonly known: ReadonlySet<string> },
): readonly MediaItem[] {
  const onPage = new Set(items.map(({ path }) => path));
  const oldest = nextCursor === null ? null : (items.at(-1)?.createdAt ?? null);
  const hasVanished = (item: MediaItem): boolean =>
    known.has(item.path) && !onPage.has(item.path) && matches(item, key) && timeOf(item.createdAt) > timeOf(oldest);
  return merged(items, media.filter((item) => !hasVanished(item)));
}
