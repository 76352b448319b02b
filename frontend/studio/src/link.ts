/** Whether events come, in the words that the page shows. */

import { sentence } from '@project/ui';

/** `out` is nobody's state of a stream: there is nobody to open one for. */
export type Link = 'connecting' | 'live' | 'reconnecting' | 'offline' | 'closed' | 'out';

const EXPLANATIONS: Partial<Record<Link, string>> = {
  reconnecting: 'The connection to the service is gone. Jobs go on; this page keeps trying and then catches up.',
  offline: 'You are offline. Jobs go on without you; this page catches up as soon as there is a network.',
};

/** A sentence for a state that lasts; none where nothing is wrong. */
export function explanationOf(link: Link, reason: string): string {
  return link === 'closed' ? `Live updates have ended. ${sentence(reason)}`.trim() : (EXPLANATIONS[link] ?? '');
}
