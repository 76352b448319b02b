/** A place to drop, paste or pick files, and the list of what has become of each. */

import { useId, useRef } from 'react';

import { UploadList } from './UploadList.js';
import type { UploadListLabels } from './UploadList.js';
import { useNews } from './news.js';
import type { Upload, UploadedMedia } from './types.js';
import { tallied } from './uploads.js';
import { useFileDrop } from './useFileDrop.js';
import { useUploads } from './useUploads.js';

export interface MediaUploaderLabels extends UploadListLabels {
  readonly pick: string;
  readonly invitation: string;
  readonly release: string;
}

export interface MediaUploaderProps {
  readonly upload: Upload;
  readonly isUploading?: boolean;
  /** Percent of all uploads together, shown where files do not tell their own; null while nothing real is known. */
  readonly progress?: number | null;
  readonly onUploadComplete?: ((result: UploadedMedia, file: File) => unknown) | undefined;
  /** What the picker offers, as the `accept` of an input; the service decides. */
  readonly accept?: string;
  readonly multiple?: boolean;
  /** How many files are sent at once. */
  readonly atOnce?: number;
  /** Whether files may be dropped anywhere on the page. */
  readonly wholePage?: boolean;
  readonly labels?: Partial<MediaUploaderLabels> | undefined;
}

const TYPES = 'image/jpeg,image/png,image/webp,image/gif,image/avif,video/mp4,video/webm,video/quicktime';

const LABELS: MediaUploaderLabels = {
  pick: 'Choose files',
  invitation: 'or drop or paste pictures and videos',
  release: 'Drop to upload',
  list: 'Uploads',
  waiting: 'Waiting',
  sending: 'Sending',
  checking: 'Sent, being checked',
  stored: 'In the library',
  cancelled: 'Cancelled',
  cancel: 'Cancel',
  again: 'Try again',
  clear: 'Clear the list',
  news: ({ open, stored, failed }) =>
    [open && `Uploading ${open}.`, stored && `${stored} uploaded.`, failed && `${failed} failed.`].filter(Boolean).join(' '),
};

export function MediaUploader(props: MediaUploaderProps) {
  const { upload, isUploading = false, progress = null, accept = TYPES, multiple = true, wholePage = false } = props;
  const words = { ...LABELS, ...props.labels };
  const zone = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const invitation = useId();
  const uploads = useUploads({
    upload,
    atOnce: props.atOnce ?? 3,
    onStored: (result, file) => props.onUploadComplete?.(result, file),
  });
  const add = (files: readonly File[]): void => uploads.add(multiple ? files : files.slice(0, 1));
  const isOver = useFileDrop(zone, wholePage, add);
  const news = useNews(words.news(tallied(uploads.entries)));

  return (
    <div className="mp-uploader">
      <div ref={zone} className="mp-zone" data-over={isOver || undefined} aria-busy={isUploading}>
        <button ref={opener} type="button" className="mp-button" aria-describedby={invitation} onClick={() => picker.current?.click()}>
          {words.pick}
        </button>
        <span id={invitation} className="mp-soft">
          {isOver ? words.release : words.invitation}
        </span>
        <input
          ref={picker}
          type="file"
          hidden
          accept={accept}
          multiple={multiple}
          onChange={({ currentTarget }) => {
            add([...(currentTarget.files ?? [])]);
            currentTarget.value = ''; // so that the same file can be chosen again
          }}
        />
      </div>
      <UploadList uploads={uploads} overall={isUploading ? progress : null} onCleared={() => opener.current?.focus()} labels={words} />
      <span className="mp-hidden" role="status">
        {news}
      </span>
    </div>
  );
}
