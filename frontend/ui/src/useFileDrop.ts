/** Files that are dragged onto an element or the whole page, and files that are pasted. */

import { useEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';

/** Whether files hover over `zone`, or over the page where `isWholePage`. `onFiles` gets what is dropped or pasted. */
export function useFileDrop(zone: RefObject<HTMLElement | null>, isWholePage: boolean, onFiles: (files: File[]) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const handler = useRef(onFiles);
  useEffect(() => {
    handler.current = onFiles;
  });
  useEffect(() => {
    const target: EventTarget = isWholePage ? window : zone.current!;
    const listeners: Record<string, (event: Event) => void> = {
      dragenter: (event) => hasFiles(event as DragEvent) && (event.preventDefault(), setIsOver(true)),
      dragover: (event) => hasFiles(event as DragEvent) && event.preventDefault(),
      dragleave: (event) => hasLeft(event as DragEvent, isWholePage ? null : zone.current) && setIsOver(false),
      drop: (event) => {
        const { dataTransfer } = event as DragEvent;
        setIsOver(false);
        if (!dataTransfer || !hasFiles(event as DragEvent)) return;
        event.preventDefault();
        handler.current(filesOf(dataTransfer));
      },
    };
    const paste = (event: ClipboardEvent): void => {
      const files = event.clipboardData ? filesOf(event.clipboardData) : [];
      if (!files.length) return; // text goes where the cursor is
      event.preventDefault();
      handler.current(files);
    };
    for (const [name, listener] of Object.entries(listeners)) target.addEventListener(name, listener);
    document.addEventListener('paste', paste);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) target.removeEventListener(name, listener);
      document.removeEventListener('paste', paste);
    };
  }, [zone, isWholePage]);
  return isOver;
}

const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false;

/** Leaving for a descendant is no leaving. */
function hasLeft({ relatedTarget }: DragEvent, zone: HTMLElement | null): boolean {
  return !(relatedTarget instanceof Node) || (zone !== null && !zone.contains(relatedTarget));
}

/** A folder looks like an empty file, and is left out. */
function filesOf({ items }: DataTransfer): File[] {
  return [...items]
    .filter((item) => item.kind === 'file' && !item.webkitGetAsEntry?.()?.isDirectory)
    .map((item) => item.getAsFile())
    .filter((file) => file !== null);
}
