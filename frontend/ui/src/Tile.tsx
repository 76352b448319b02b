/** One item in the grid: a button that opens it, and a box to select it. */

import { memo } from 'react';
import type { CSSProperties } from 'react';

import type { MediaLibraryLabels } from './libraryLabels.js';
import { Picture } from './Picture.js';
import { duration, shortNameOf } from './text.js';
import type { LibraryItem } from './types.js';

export interface TileProps {
  readonly item: LibraryItem;
  /** Whether the tab key leads here; the arrow keys lead on. */
  readonly isCurrent: boolean;
  readonly isChosen: boolean;
  readonly onFocus: () => void;
  readonly onOpen: () => void;
  readonly onChoose: ((isRange: boolean) => void) | undefined;
  readonly labels: MediaLibraryLabels;
}

const MOST_SLENDER = 0.45;
const WIDEST = 2.6;

function ratioOf({ width, height }: LibraryItem): number {
  return width && height ? Math.min(WIDEST, Math.max(MOST_SLENDER, width / height)) : 1;
}

export function Tile({ item, isCurrent, isChosen, onFocus, onOpen, onChoose, labels }: TileProps) {
  const tabIndex = isCurrent ? 0 : -1;
  return (
    <li className="mp-tile" data-chosen={isChosen || undefined} style={{ '--mp-ratio': ratioOf(item) } as CSSProperties} onFocus={onFocus}>
      <button type="button" className="mp-tile-open" tabIndex={tabIndex} aria-label={labels.open(item)} onClick={onOpen}>
        <Face item={item} lost={labels.lost} />
        {item.kind === 'video' && (
          <span className="mp-badge" aria-hidden="true">
            <svg viewBox="0 0 10 10">
              <path d="M2 1l7 4-7 4z" />
            </svg>
            {item.durationSeconds ? duration(item.durationSeconds) : labels.video}
          </span>
        )}
        <span className="mp-caption" aria-hidden="true" dir="auto">
          {shortNameOf(item)}
        </span>
      </button>
      {onChoose && (
        <label className="mp-choose">
          <input
            type="checkbox"
            tabIndex={tabIndex}
            checked={isChosen}
            aria-label={labels.choose(item)}
            onChange={(event) => onChoose((event.nativeEvent as MouseEvent).shiftKey)}
          />
        </label>
      )}
    </li>
  );
}

/** The thumbnail; a video without one shows its first frame. */
const Face = memo(({ item, lost }: { readonly item: LibraryItem; readonly lost: string }) => {
  const source = item.thumbnailURL ?? (item.kind === 'image' ? item.url : null);
  if (source === null) return <video src={item.url} preload="metadata" muted playsInline tabIndex={-1} aria-hidden="true" />;
  return <Picture src={source} alt="" placeholder={item.placeholder} lazy lost={lost} />;
});
