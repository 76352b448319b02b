/** What the page's address points at: nothing, one job, or one medium. */

import { useSyncExternalStore } from 'react';

export type Route = { readonly at: 'home' } | { readonly at: 'job'; readonly jobId: string } | { readonly at: 'medium'; readonly path: string };

const HOME: Route = { at: 'home' };

/** Read from behind the `#`, so that the service has one page and the API keeps its paths. */
export function routeOf(hash: string): Route {
  const [, kind, rest] = /^#\/(jobs|media)\/(.+)$/.exec(hash) ?? [];
  if (!rest) return HOME;
  if (kind === 'jobs') return { at: 'job', jobId: decoded(rest) };
  return { at: 'medium', path: rest.split('/').map(decoded).join('/') };
}

export function hashOf(route: Route): string {
  switch (route.at) {
    case 'home':
      return '';
    case 'job':
      return `#/jobs/${encodeURIComponent(route.jobId)}`;
    case 'medium':
      return `#/media/${route.path.split('/').map(encodeURIComponent).join('/')}`;
  }
}

export function useRoute(): Route {
  return routeOf(useSyncExternalStore(subscribe, () => location.hash));
}

/** Going on is a step that "back" undoes; from one medium to its neighbour is none. */
export function goTo(route: Route): void {
  const here = routeOf(location.hash);
  const address = location.pathname + location.search + hashOf(route);
  if (here.at === 'home' && route.at !== 'home') history.pushState(null, '', address);
  else history.replaceState(null, '', address);
  dispatchEvent(new Event('hashchange'));
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  addEventListener('popstate', listener);
  return () => {
    removeEventListener('hashchange', listener);
    removeEventListener('popstate', listener);
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
