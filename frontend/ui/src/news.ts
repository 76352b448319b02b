/** What a live region says: only what changed since the region is there, so that no page is read aloud while it loads. */

import { useEffect, useRef, useState } from 'react';

/** The latest `text`, once it is another than at first. */
export function useNews(text: string): string {
  const known = useRef(text);
  const [news, setNews] = useState('');
  useEffect(() => {
    if (known.current === text) return;
    known.current = text;
    setNews(text);
  }, [text]);
  return news;
}
