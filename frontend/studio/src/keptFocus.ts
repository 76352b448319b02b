/** Keeps the focus in a list whose entries go away, be it that they are done: else it would fall back to the top of the page. */

import { useEffect, useRef } from 'react';
import type { FocusEvent, RefObject } from 'react';

export interface KeptFocus {
  readonly onFocus: (event: FocusEvent) => void;
  readonly onBlur: () => void;
}

/** When the entry with the focus has gone, the one that took its place gets it; after the last one, `otherwise`. */
export function useKeptFocus(list: RefObject<HTMLElement | null>, entries: unknown, otherwise: () => HTMLElement | null): KeptFocus {
  const held = useRef<number | null>(null); // React tells no blur of what it removes itself
  useEffect(() => {
    if (held.current === null || document.activeElement !== document.body) return;
    const left = list.current ? [...list.current.children] : [];
    const successor = left[Math.min(held.current, left.length - 1)]?.querySelector<HTMLElement>('button:last-of-type');
    held.current = null;
    (successor ?? otherwise())?.focus({ preventScroll: true });
  }, [entries]);
  return {
    onFocus: ({ target }) => {
      held.current = [...list.current!.children].findIndex((entry) => entry.contains(target));
    },
    onBlur: () => {
      held.current = null;
    },
  };
}
