/** Says that live updates are missing, but not about a short gap: streams are cut every few minutes by design. */

import { useEffect, useState } from 'react';

import { explanationOf } from './link.js';
import type { Link } from './link.js';

const PATIENCE_MS = 5000;

export interface NoticeProps {
  readonly link: Link;
  readonly reason: string;
  readonly onRetry: () => void;
}

export function Notice({ link, reason, onRetry }: NoticeProps) {
  const sentence = explanationOf(link, reason);
  const isDue = useLasting(sentence !== '', link === 'closed' ? 0 : PATIENCE_MS);
  return (
    <div role="status">
      {isDue && sentence && (
        <div className="notice">
          <p>{sentence}</p>
          <button type="button" className="mp-button" onClick={onRetry}>
            Try now
          </button>
        </div>
      )}
    </div>
  );
}

/** Whether something has been so for as long as that. */
function useLasting(isSo: boolean, milliseconds: number): boolean {
  const [isDue, setIsDue] = useState(false);
  useEffect(() => {
    setIsDue(false);
    if (!isSo) return;
    const timer = setTimeout(() => setIsDue(true), milliseconds);
    return () => clearTimeout(timer);
  }, [isSo, milliseconds]);
  return isDue;
}
