/** Which failures somebody has seen and put away: a fresh stream would tell them again for a quarter of an hour. */

import { useState } from 'react';

const KEY = 'studio.dismissed';
const MOST = 200;

export function useDismissals(): [ReadonlySet<string>, (jobIds: readonly string[]) => void] {
  const [dismissed, setDismissed] = useState<readonly string[]>(() => (sessionStorage.getItem(KEY) ?? '').split(' ').filter(Boolean));
  function dismiss(jobIds: readonly string[]): void {
    const next = [...dismissed, ...jobIds].slice(-MOST);
    sessionStorage.setItem(KEY, next.join(' '));
    setDismissed(next);
  }
  return [new Set(dismissed), dismiss];
}
