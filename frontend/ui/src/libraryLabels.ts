/** The words of a media library. */

import { shortNameOf } from './text.js';
import type { LibraryItem } from './types.js';

export interface MediaLibraryLabels {
  readonly list: string;
  readonly help: string;
  readonly open: (item: LibraryItem) => string;
  readonly choose: (item: LibraryItem) => string;
  readonly video: string;
  readonly lost: string;
  readonly more: string;
  readonly loading: string;
  readonly selected: (count: number) => string;
  readonly all: string;
  readonly none: string;
  readonly delete: string;
  readonly question: (count: number) => string;
  readonly warning: string;
  readonly sure: string;
  readonly keep: string;
  readonly close: string;
  readonly newer: string;
  readonly older: string;
  readonly download: string;
  readonly facts: Readonly<Record<'seed' | 'model' | 'size' | 'length' | 'file' | 'made', string>>;
}

export const LABELS: MediaLibraryLabels = {
  list: 'Media',
  help: 'Arrow keys move, Enter opens, Delete deletes, Control and A selects all.',
  open: (item) => `Open ${item.kind === 'video' ? 'video' : 'picture'}: ${shortNameOf(item)}`,
  choose: (item) => `Select: ${shortNameOf(item)}`,
  video: 'Video',
  lost: 'Not available',
  more: 'Show more',
  loading: 'Loading',
  selected: (count) => `${count} selected`,
  all: 'Select all',
  none: 'Clear',
  delete: 'Delete',
  question: (count) => (count === 1 ? 'Delete this item?' : `Delete ${count} items?`),
  warning: 'This can’t be undone.',
  sure: 'Delete for good',
  keep: 'Keep',
  close: 'Close',
  newer: 'Newer',
  older: 'Older',
  download: 'Download',
  facts: { seed: 'Seed', model: 'Model', size: 'Size', length: 'Length', file: 'File', made: 'Made' },
};
