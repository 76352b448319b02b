/** Which failures somebody has seen and put away: a fresh stream would tell them again for a quarter of an hour. */

import { useState } from 'react';

const KEY = 'studio.dismissed';
const MOST = 200;

export function useDismissals(): [ReadonlySet<string>, (jobId: string) => void] {
  const [dismissed, setDismissed] = useState<readonly string[]>(() => (sessionStorage.getItem(KEY) ?? '').split(' ').filter(Boolean));
  function dismiss(jobId: string): void {
    const next = [...dismissed, jobId].slice(-MOST);
    sessionStorage.setItem(KEY, next.join(' '));
    setDismissed(next);
  }
  return [new Set(dismissed), dismiss];
}
