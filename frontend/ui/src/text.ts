/** How values read to a person, in the language of the page. */

import type { LibraryItem, MediaKind } from './types.js';

/** What to call an item: its prompt, else the name of its file. */
export function nameOf(item: LibraryItem): string {
  return item.prompt || fileNameOf(item);
}

const MOST_CHARACTERS = 100;

/** The same for a control or a picture, whose names are read aloud in one go: a prompt may have thousands of characters. */
export function shortNameOf(item: LibraryItem): string {
  const name = nameOf(item);
  return name.length > MOST_CHARACTERS ? `${[...name].slice(0, MOST_CHARACTERS).join('')}…` : name;
}

export const fileNameOf = (item: LibraryItem): string => item.path.slice(item.path.lastIndexOf('/') + 1);

export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** power;
  return `${value.toFixed(power > 1 && value < 100 ? 1 : 0)} ${units[power]}`;
}

/** Minutes and seconds, as players write them. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** Rounded down, so that 100 % is only read where everything is done. */
export const percent = (progress: number): string => `${Math.floor(progress)} %`;

const NOUNS: Record<MediaKind, readonly [string, string]> = { image: ['picture', 'pictures'], video: ['video', 'videos'] };

export const counted = (count: number, kind: MediaKind): string => `${count} ${NOUNS[kind][count === 1 ? 0 : 1]}`;
