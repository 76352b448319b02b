/** A grid of pictures and videos: to look at, to go through by keyboard, to select, and to delete from. */

import { useEffect, useId, useReducer, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';

import { ConfirmDelete } from './ConfirmDelete.js';
import { destination, isKey } from './arrows.js';
import { LABELS } from './libraryLabels.js';
import type { MediaLibraryLabels } from './libraryLabels.js';
import { More } from './More.js';
import { Preview } from './Preview.js';
import { NOTHING, reduceSelection } from './selection.js';
import { SelectionBar } from './SelectionBar.js';
import { Tile } from './Tile.js';
import type { LibraryItem } from './types.js';

export interface MediaLibraryProps<Item extends LibraryItem = LibraryItem> {
  readonly items: readonly Item[];
  /** Deletes one object. Without it nothing can be deleted here. */
  readonly onDelete?: ((path: string) => unknown) | undefined;
  readonly hasMore?: boolean;
  readonly isLoading?: boolean;
  readonly onLoadMore?: (() => unknown) | undefined;
  /** The path of the item that is looked at, for whoever keeps it in an address; else the library keeps it. */
  readonly openPath?: string | null | undefined;
  readonly onOpenChange?: ((path: string | null) => void) | undefined;
  /** More that can be done with the item that is looked at. */
  readonly actions?: ((item: Item) => ReactNode) | undefined;
  readonly labels?: Partial<MediaLibraryLabels> | undefined;
}

/** No item's path: with the last one gone, the focus goes to the grid itself. */
const NOWHERE = '';

export function MediaLibrary<Item extends LibraryItem>(props: MediaLibraryProps<Item>) {
  const { items, onDelete, onOpenChange } = props;
  const words = { ...LABELS, ...props.labels };
  const help = useId();
  const grid = useRef<HTMLUListElement>(null);
  const [selection, select] = useReducer(reduceSelection, NOTHING);
  const [active, setActive] = useState<string | null>(null);
  const [own, setOwn] = useState<string | null>(null);
  const [doomed, setDoomed] = useState<readonly string[]>([]);
  const toFocus = useRef<string | null>(null);
  /** Where in the grid what is looked at was last. */
  const place = useRef(-1);

  const order = items.map(({ path }) => path);
  const chosen = order.filter((path) => selection.chosen.has(path));
  const openPath = props.openPath === undefined ? own : props.openPath;
  const opened = items.find(({ path }) => path === openPath);
  const current = active !== null && order.includes(active) ? active : order[0];

  useEffect(() => {
    // What was looked at may have been deleted elsewhere, and with it the button that the focus would go back to.
    const isLost = !opened && place.current >= 0 && document.activeElement === document.body;
    if (toFocus.current !== null) focusTile(order.indexOf(toFocus.current));
    else if (isLost) focusTile(Math.min(place.current, order.length - 1));
    toFocus.current = null;
    place.current = opened ? order.indexOf(opened.path) : -1;
  });

  function open(path: string | null): void {
    if (path !== null) setActive(path);
    setOwn(path);
    onOpenChange?.(path);
  }

  function focusTile(index: number): void {
    (tilesOf(grid.current)[index] ?? grid.current)?.focus();
  }

  function remove(): void {
    const gone = new Set(doomed);
    const from = order.findIndex((path) => gone.has(path));
    const left = order.filter((path) => !gone.has(path));
    toFocus.current = left[Math.min(from, left.length - 1)] ?? NOWHERE;
    setActive(toFocus.current);
    setDoomed([]);
    select({ type: 'none' });
    if (openPath !== null) open(null);
    for (const path of doomed) onDelete?.(path);
  }

  function press(event: KeyboardEvent): void {
    const index = tilesOf(grid.current).findIndex((tile) => tile.parentElement?.contains(event.target as Node));
    const path = order[index];
    if (path === undefined) return;
    if (isKey(event.key)) {
      const boxes = tilesOf(grid.current).map((tile) => tile.getBoundingClientRect());
      focusTile(destination(event.key, index, boxes, getComputedStyle(grid.current!).direction === 'rtl'));
    } else if (event.key === 'Delete' && onDelete) setDoomed(chosen.length ? chosen : [path]);
    else if (event.key === 'Escape' && chosen.length) select({ type: 'none' });
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) select({ type: 'all', order });
    else return;
    event.preventDefault();
  }

  return (
    <div className="mp-library">
      <p id={help} className="mp-hidden">
        {words.help}
      </p>
      <ul ref={grid} className="mp-grid" tabIndex={-1} aria-label={words.list} aria-describedby={help} data-selecting={chosen.length > 0 || undefined} onKeyDown={press}>
        {items.map((item) => (
          <Tile
            key={item.path}
            item={item}
            isCurrent={item.path === current}
            isChosen={selection.chosen.has(item.path)}
            onFocus={() => setActive(item.path)}
            onOpen={() => open(item.path)}
            onChoose={
              onDelete &&
              ((isRange) => select(isRange ? { type: 'extended', path: item.path, order } : { type: 'toggled', path: item.path }))
            }
            labels={words}
          />
        ))}
      </ul>
      {onDelete && chosen.length > 0 && (
        <SelectionBar
          count={chosen.length}
          isAll={chosen.length === order.length}
          onAll={() => select({ type: 'all', order })}
          onNone={() => {
            toFocus.current = current ?? null; // the bar goes away, and with it the button
            select({ type: 'none' });
          }}
          onDelete={() => setDoomed(chosen)}
          labels={words}
        />
      )}
      {props.hasMore && <More isLoading={props.isLoading ?? false} onMore={props.onLoadMore} labels={words} />}
      {opened && (
        <Preview
          item={opened}
          previous={order[order.indexOf(opened.path) - 1]}
          next={order[order.indexOf(opened.path) + 1]}
          onTurn={open}
          onClose={() => {
            toFocus.current = opened.path;
            open(null);
          }}
          onDelete={onDelete && (() => setDoomed([opened.path]))}
          labels={words}
        >
          {props.actions?.(opened)}
        </Preview>
      )}
      {doomed.length > 0 && <ConfirmDelete count={doomed.length} onSure={remove} onClose={() => setDoomed([])} labels={words} />}
    </div>
  );
}

/** The button of each tile, in the order of the grid. */
function tilesOf(grid: HTMLElement | null): HTMLButtonElement[] {
  return [...(grid?.querySelectorAll<HTMLButtonElement>('.mp-tile-open') ?? [])];
}
