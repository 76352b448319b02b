/** The common progress of uploads that run side by side: bytes sent of all their bytes. */

import { createStore } from './store.js';
import type { Store } from './store.js';

/** `progress` is 0–100 and stays where the last uploads left it until others begin. */
export interface Share {
  readonly isUploading: boolean;
  readonly progress: number;
}

export interface Part {
  readonly sent: (bytes: number) => void;
  readonly done: () => void;
  readonly failed: () => void;
}

export interface Sharing extends Store<Share> {
  readonly add: (size: number) => Part;
  /** Back to nothing, where nothing is on its way. */
  readonly reset: () => void;
}

const NOTHING: Share = { isUploading: false, progress: 0 };

export function share(): Sharing {
  const store = createStore<Share>(NOTHING);
  let parts: { size: number; sent: number }[] = [];
  let open = 0;

  function tell(): void {
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    const sent = parts.reduce((sum, part) => sum + part.sent, 0);
    const progress = size ? (100 * sent) / size : store.getSnapshot().progress;
    store.set({ isUploading: open > 0, progress });
  }

  return {
    ...store,
    add(size) {
      if (!open) parts = []; // what was sent before is another story
      const part = { size, sent: 0 };
      parts.push(part);
      open += 1;
      tell();
      const end = (): void => {
        open -= 1;
        tell();
      };
      return {
        sent(bytes) {
          part.sent = bytes;
          tell();
        },
        done() {
          part.sent = size;
          end();
        },
        failed() {
          parts = parts.filter((each) => each !== part); // what will never arrive is no part of the whole
          end();
        },
      };
    },
    reset() {
      if (!open) store.set(NOTHING);
    },
  };
}
