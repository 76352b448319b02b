/** The files of an uploader, one line each. */

import { ProgressBar } from './ProgressBar.js';
import { bytes, percent } from './text.js';
import type { UploadEntry } from './uploads.js';
import { tallied } from './uploads.js';
import type { Uploads } from './useUploads.js';

export interface UploadListLabels {
  readonly list: string;
  readonly waiting: string;
  readonly sending: string;
  readonly stored: string;
  readonly cancelled: string;
  readonly cancel: string;
  readonly again: string;
  readonly clear: string;
}

export interface UploadListProps {
  readonly uploads: Uploads;
  /** Percent of all together; it stands for the one that is being sent where that does not tell its own. */
  readonly overall: number | null;
  /** After the list was cleared, and with it the button that had the focus. */
  readonly onCleared: () => void;
  readonly labels: UploadListLabels;
}

export function UploadList({ uploads, overall, onCleared, labels }: UploadListProps) {
  const { entries } = uploads;
  const { open, over } = tallied(entries);
  if (!entries.length) return null;
  return (
    <>
      <ul className="mp-uploads" aria-label={labels.list}>
        {entries.map((entry) => (
          <UploadLine key={entry.id} entry={entry} overall={open === 1 ? overall : null} uploads={uploads} labels={labels} />
        ))}
      </ul>
      {over > 0 && (
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
  const tell = status === 'failed' ? entry.reason : labels[status];
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
