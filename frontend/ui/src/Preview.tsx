/** One item, large: the picture or the playing video, what is known of it, and its neighbours. */

import { useEffect, useId, useRef } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';

import type { MediaLibraryLabels } from './libraryLabels.js';
import { Modal } from './Modal.js';
import { Picture } from './Picture.js';
import { useNews } from './news.js';
import { bytes, duration, fileNameOf, nameOf, shortNameOf } from './text.js';
import type { LibraryItem } from './types.js';

export interface PreviewProps {
  readonly item: LibraryItem;
  readonly previous: string | undefined;
  readonly next: string | undefined;
  readonly onTurn: (path: string) => void;
  readonly onClose: () => void;
  readonly onDelete: (() => void) | undefined;
  readonly labels: MediaLibraryLabels;
  readonly children?: ReactNode;
}

const MOST_IN_SIGHT = 200;

export function Preview({ item, previous, next, onTurn, onClose, onDelete, labels, children }: PreviewProps) {
  const title = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const news = useNews(shortNameOf(item));
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => {
    // At either end the button that led there goes away.
    if (!heading.current!.closest('dialog')!.contains(document.activeElement)) heading.current!.focus();
  }, [item.path]);

  function press(event: KeyboardEvent): void {
    if (event.target instanceof HTMLVideoElement) return; // there the arrows seek
    // Of the page, not of the heading: that follows the language of each prompt.
    const towardsNext = getComputedStyle(event.currentTarget).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    const path = event.key === towardsNext ? next : /^Arrow(Left|Right)$/.test(event.key) ? previous : undefined;
    if (path !== undefined) onTurn(path);
    if (event.key === 'Delete') onDelete?.();
  }

  return (
    <Modal className="mp-preview" labelledBy={title} onClose={onClose} onKeyDown={press}>
      <div className="mp-preview-body">
        <figure className="mp-stage">
          <Large key={item.path} item={item} lost={labels.lost} />
          <Turn kind="newer" label={labels.newer} path={previous} onTurn={onTurn} />
          <Turn kind="older" label={labels.older} path={next} onTurn={onTurn} />
        </figure>
        <div className="mp-about">
          {/* A long prompt scrolls, and not by mouse alone. */}
          <h2 id={title} ref={heading} tabIndex={nameOf(item).length > MOST_IN_SIGHT ? 0 : -1} dir="auto">
            {nameOf(item)}
          </h2>
          <span className="mp-hidden" role="status">
            {news}
          </span>
          <Facts item={item} labels={labels} />
          <div className="mp-actions">
            <a className="mp-button" href={item.url} download={fileNameOf(item)} target="_blank" rel="noopener">
              {labels.download}
            </a>
            {children}
            {onDelete && (
              <button type="button" className="mp-button mp-grave" onClick={onDelete}>
                {labels.delete}
              </button>
            )}
          </div>
          <button type="button" className="mp-button mp-close" aria-label={labels.close} onClick={onClose}>
            ×
          </button>
        </div>
      </div>
    </Modal>
  );
}

function Large({ item, lost }: { readonly item: LibraryItem; readonly lost: string }) {
  const { url, width, height, placeholder, thumbnailURL } = item;
  if (item.kind === 'image') return <Picture src={url} alt={shortNameOf(item)} placeholder={placeholder} width={width} height={height} lost={lost} />;
  return (
    <video src={url} poster={thumbnailURL ?? undefined} width={width ?? undefined} height={height ?? undefined} controls loop playsInline preload="metadata" aria-label={shortNameOf(item)} />
  );
}

interface TurnProps {
  readonly kind: 'newer' | 'older';
  readonly label: string;
  readonly path: string | undefined;
  readonly onTurn: (path: string) => void;
}

function Turn({ kind, label, path, onTurn }: TurnProps) {
  if (path === undefined) return null;
  return (
    <button type="button" className={`mp-turn mp-${kind}`} aria-label={label} onClick={() => onTurn(path)}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M10 3L5 8l5 5" />
      </svg>
    </button>
  );
}

function Facts({ item, labels }: { readonly item: LibraryItem; readonly labels: MediaLibraryLabels }) {
  return (
    <dl className="mp-facts">
      {factsOf(item)
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{labels.facts[name]}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

const factsOf = (item: LibraryItem): [keyof MediaLibraryLabels['facts'], string | null | undefined][] => [
  ['seed', item.seed?.toString()],
  ['model', item.model],
  ['size', item.width && item.height ? `${item.width} × ${item.height}` : null],
  ['length', item.durationSeconds ? duration(item.durationSeconds) : null],
  ['file', item.size ? bytes(item.size) : null],
  ['made', item.createdAt && new Date(item.createdAt).toLocaleString()],
];
