/** The files of an uploader and what has become of each: a pure reducer. */

export interface UploadEntry {
  readonly id: number;
  readonly file: File;
  readonly status: 'waiting' | 'sending' | 'stored' | 'failed' | 'cancelled';
  /** Percent, or null while nothing real is known. */
  readonly progress: number | null;
  /** Why it failed, for a person. */
  readonly reason: string;
}

export type UploadAction =
  | { readonly type: 'added'; readonly id: number; readonly file: File }
  | { readonly type: 'begun' | 'stored' | 'cancelled' | 'again' | 'removed'; readonly id: number }
  | { readonly type: 'progressed'; readonly id: number; readonly progress: number | null }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string }
  | { readonly type: 'cleared' };

export type Entries = readonly UploadEntry[];

const isOver = ({ status }: UploadEntry): boolean => status === 'stored' || status === 'failed' || status === 'cancelled';

export function reduceUploads(entries: Entries, action: UploadAction): Entries {
  switch (action.type) {
    case 'added':
      return [...entries, { id: action.id, file: action.file, status: 'waiting', progress: null, reason: '' }];
    case 'removed':
      return entries.filter((entry) => entry.id !== action.id);
    case 'cleared':
      return entries.filter((entry) => !isOver(entry));
    case 'again':
      return changed(entries, action.id, isOver, { status: 'waiting', progress: null, reason: '' });
    case 'begun':
      return changed(entries, action.id, (entry) => !isOver(entry), { status: 'sending' });
    case 'progressed':
      return changed(entries, action.id, (entry) => !isOver(entry), { progress: action.progress });
    case 'stored':
    case 'cancelled':
      return changed(entries, action.id, (entry) => !isOver(entry), { status: action.type });
    case 'failed':
      return changed(entries, action.id, (entry) => !isOver(entry), { status: 'failed', reason: action.reason });
  }
}

/** One entry with other values, where it may change; what is over stays as it ended. */
function changed(entries: Entries, id: number, may: (entry: UploadEntry) => boolean, values: Partial<UploadEntry>): Entries {
  return entries.map((entry) => (entry.id === id && may(entry) ? { ...entry, ...values } : entry));
}

export interface Tally {
  readonly open: number;
  readonly stored: number;
  readonly failed: number;
  readonly over: number;
}

export function tallied(entries: Entries): Tally {
  const count = (...wanted: UploadEntry['status'][]): number => entries.filter(({ status }) => wanted.includes(status)).length;
  return {
    open: count('waiting', 'sending'),
    stored: count('stored'),
    failed: count('failed'),
    over: count('stored', 'failed', 'cancelled'),
  };
}
