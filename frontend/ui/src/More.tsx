/** Brings more items when the end of the grid comes near; after a few times by hand, so that the page has an end. */

import { useEffect, useRef } from 'react';

import type { MediaLibraryLabels } from './libraryLabels.js';

const MOST_BY_ITSELF = 3;
const NEAR = '300px';

export interface MoreProps {
  readonly isLoading: boolean;
  readonly onMore: (() => unknown) | undefined;
  readonly labels: MediaLibraryLabels;
}

export function More({ isLoading, onMore, labels }: MoreProps) {
  const button = useRef<HTMLButtonElement>(null);
  const byItself = useRef(0);
  const bring = useRef(onMore);
  useEffect(() => {
    bring.current = isLoading ? undefined : onMore;
  });
  useEffect(() => {
    const observer = new IntersectionObserver(
      (seen) => {
        if (!seen.some((each) => each.isIntersecting) || byItself.current >= MOST_BY_ITSELF || !bring.current) return;
        byItself.current += 1;
        bring.current();
      },
      { rootMargin: NEAR },
    );
    observer.observe(button.current!);
    return () => observer.disconnect();
  }, [isLoading]);
  return (
    <button ref={button} type="button" className="mp-button mp-more" aria-disabled={isLoading} onClick={() => bring.current?.()}>
      {isLoading ? labels.loading : labels.more}
    </button>
  );
}
