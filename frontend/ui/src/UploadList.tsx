/** The files of an uploader, one line each. */

import { ProgressBar } from './ProgressBar.js';
import { bytes, percent } from './text.js';
import type { Tally, UploadEntry } from './uploads.js';
import { tallied } from './uploads.js';
import type { Uploads } from './useUploads.js';

export interface UploadListLabels {
  readonly list: string;
  readonly waiting: string;
  readonly sending: string;
  /** All bytes have left; the service verifies them. */
  readonly checking: string;
  readonly stored: string;
  readonly cancelled: string;
  readonly cancel: string;
  readonly again: string;
  readonly clear: string;
  /** How many of them are where. */
  readonly news: (tally: Tally) => string;
}

export interface UploadListProps {
  readonly uploads: Uploads;
  /** Percent of all together; it stands for the one that is being sent where that does not tell its own. */
  readonly overall: number | null;
  /** After the list was cleared, and with it the button that had the focus. */
  readonly onCleared: () => void;
  readonly labels: UploadListLabels;
}

/** More than these scroll in a box of their own, which the keyboard must reach; the library stays in sight below. */
const MOST_IN_SIGHT = 5;

export function UploadList({ uploads, overall, onCleared, labels }: UploadListProps) {
  const { entries } = uploads;
  const tally = tallied(entries);
  if (!entries.length) return null;
  return (
    <>
      <ul className="mp-uploads" aria-label={labels.list} tabIndex={entries.length > MOST_IN_SIGHT ? 0 : undefined}>
        {entries.map((entry) => (
          <UploadLine key={entry.id} entry={entry} overall={tally.open === 1 ? overall : null} uploads={uploads} labels={labels} />
        ))}
      </ul>
      <div className="mp-uploads-foot">
        {entries.length > 1 && (
          <span className="mp-soft" aria-hidden="true">
            {labels.news(tally)}
          </span>
        )}
        {tally.over > 0 && (
          <button
            type="button"
            className="mp-button mp-quiet"
            onClick={() => {
              uploads.clear();
              onCleared();
            }}
          >
            {labels.clear}
          </button>
        )}
      </div>
    </>
  );
}

interface LineProps extends Omit<UploadListProps, 'onCleared'> {
  readonly entry: UploadEntry;
}

function UploadLine({ entry, overall, uploads, labels }: LineProps) {
  const { id, file, status } = entry;
  const progress = entry.progress ?? overall;
  const isOpen = status === 'waiting' || status === 'sending';
  const isSent = status === 'sending' && (progress ?? 0) >= 100;
  const tell = status === 'failed' ? entry.reason : labels[isSent ? 'checking' : status];
  return (
    <li className="mp-upload" data-status={status}>
      <span className="mp-upload-name" dir="auto">
        {file.name}
      </span>
      <span className="mp-soft">
        {bytes(file.size)} · {tell}
      </span>
      <span className="mp-actions">
        {/* One in one place: a button that becomes the other keeps the focus. */}
        {status !== 'stored' && (
          <LineButton name={isOpen ? labels.cancel : labels.again} file={file.name} act={() => (isOpen ? uploads.cancel(id) : uploads.again(id))} />
        )}
      </span>
      {isOpen && (
        <ProgressBar
          isSmall
          progress={progress}
          isIdle={status === 'waiting'}
          label={file.name}
          text={[progress === null ? '' : percent(progress), tell].filter(Boolean).join(', ')}
        />
      )}
    </li>
  );
}

function LineButton({ name, file, act }: { readonly name: string; readonly file: string; readonly act: () => void }) {
  return (
    <button type="button" className="mp-button mp-quiet" aria-label={`${name}: ${file}`} onClick={act}>
      {name}
    </button>
  );
}
