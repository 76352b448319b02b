/** Asks once more, because a deletion can't be undone. */

import { useId } from 'react';

import type { MediaLibraryLabels } from './libraryLabels.js';
import { Modal } from './Modal.js';

export interface ConfirmDeleteProps {
  readonly count: number;
  readonly onSure: () => void;
  readonly onClose: () => void;
  readonly labels: MediaLibraryLabels;
}

export function ConfirmDelete({ count, onSure, onClose, labels }: ConfirmDeleteProps) {
  const [title, warning] = [useId(), useId()];
  return (
    <Modal className="mp-confirm" isAlert labelledBy={title} describedBy={warning} onClose={onClose}>
      <div className="mp-confirm-body">
        <h2 id={title}>{labels.question(count)}</h2>
        <p id={warning} className="mp-soft">
          {labels.warning}
        </p>
        <div className="mp-actions">
          <button type="button" className="mp-button" autoFocus onClick={onClose}>
            {labels.keep}
          </button>
          <button type="button" className="mp-button mp-grave mp-sure" onClick={onSure}>
            {labels.sure}
          </button>
        </div>
      </div>
    </Modal>
  );
}
