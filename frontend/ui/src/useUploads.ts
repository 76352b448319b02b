/** Runs an uploader's queue: a few files at once, each of which can be stopped and tried again. */

import { useEffect, useReducer, useRef } from 'react';

import { reasonOf } from './sentence.js';
import type { Upload, UploadedMedia } from './types.js';
import { reduceUploads } from './uploads.js';
import type { Entries } from './uploads.js';

export interface Uploads {
  readonly entries: Entries;
  readonly add: (files: readonly File[]) => void;
  readonly cancel: (id: number) => void;
  readonly again: (id: number) => void;
  readonly clear: () => void;
}

interface Options {
  readonly upload: Upload;
  readonly atOnce: number;
  readonly onStored: (result: UploadedMedia, file: File) => void;
}

export function useUploads(options: Options): Uploads {
  const [entries, dispatch] = useReducer(reduceUploads, []);
  const latest = useRef(options);
  const running = useRef(new Map<number, AbortController>());
  const nextId = useRef(1);
  useEffect(() => {
    latest.current = options;
  });

  useEffect(() => {
    const free = latest.current.atOnce - running.current.size;
    for (const { id, file } of entries.filter(({ status }) => status === 'waiting').slice(0, Math.max(0, free))) {
      void run(id, file);
    }
  }, [entries]);

  async function run(id: number, file: File): Promise<void> {
    const controller = new AbortController();
    running.current.set(id, controller);
    dispatch({ type: 'begun', id });
    // What was cancelled, and perhaps begun anew since, has no say any more.
    const isCurrent = (): boolean => running.current.get(id) === controller;
    const onProgress = (progress: number | null): void => {
      if (isCurrent()) dispatch({ type: 'progressed', id, progress });
    };
    try {
      const result = await latest.current.upload(file, { signal: controller.signal, onProgress });
      if (!isCurrent()) return;
      running.current.delete(id);
      dispatch({ type: 'stored', id });
      latest.current.onStored(result, file);
    } catch (error) {
      if (!isCurrent()) return;
      running.current.delete(id);
      dispatch({ type: 'failed', id, reason: reasonOf(error) });
    }
  }

  function cancel(id: number): void {
    running.current.get(id)?.abort();
    running.current.delete(id);
    dispatch({ type: 'cancelled', id });
  }

  return {
    entries,
    add: (files) => files.forEach((file) => dispatch({ type: 'added', id: nextId.current++, file })),
    cancel,
    again: (id) => dispatch({ type: 'again', id }),
    clear: () => dispatch({ type: 'cleared' }),
  };
}
