/** What can be done with the selected items. */

import type { MediaLibraryLabels } from './libraryLabels.js';

export interface SelectionBarProps {
  readonly count: number;
  readonly isAll: boolean;
  readonly onAll: () => void;
  readonly onNone: () => void;
  readonly onDelete: () => void;
  readonly labels: MediaLibraryLabels;
}

export function SelectionBar({ count, isAll, onAll, onNone, onDelete, labels }: SelectionBarProps) {
  return (
    <div className="mp-selection">
      <span role="status">{labels.selected(count)}</span>
      <button type="button" className="mp-button" aria-disabled={isAll} onClick={onAll}>
        {labels.all}
      </button>
      <button type="button" className="mp-button" onClick={onNone}>
        {labels.none}
      </button>
      <button type="button" className="mp-button mp-grave" onClick={onDelete}>
        {labels.delete}
      </button>
    </div>
  );
}
