/** Arrow keys go where one would expect in rows of different tiles. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { destination } from '../dist/arrows.js';
import type { Box, Key } from '../dist/arrows.js';

/** Three above two: the second of the lower row lies below the third. */
const BOXES: Box[] = [
  { left: 0, right: 100, top: 0 },
  { left: 100, right: 200, top: 0 },
  { left: 200, right: 300, top: 0 },
  { left: 0, right: 180, top: 100 },
  { left: 180, right: 300, top: 100 },
];

const from = (index: number, key: Key, isRightToLeft = false): number => destination(key, index, BOXES, isRightToLeft);

test('left and right go one on, and stop at the ends', () => {
  assert.deepEqual([from(1, 'ArrowRight'), from(1, 'ArrowLeft'), from(0, 'ArrowLeft'), from(4, 'ArrowRight')], [2, 0, 0, 4]);
});

test('where text runs from right to left the arrows do, too', () => {
  assert.deepEqual([from(1, 'ArrowRight', true), from(1, 'ArrowLeft', true)], [0, 2]);
});

test('up and down go to what is nearest in the next row', () => {
  assert.deepEqual([from(0, 'ArrowDown'), from(2, 'ArrowDown'), from(4, 'ArrowUp'), from(3, 'ArrowUp')], [3, 4, 2, 0]);
});

test('there is nothing above the first row and below the last', () => {
  assert.deepEqual([from(1, 'ArrowUp'), from(3, 'ArrowDown')], [1, 3]);
});

test('Home and End go to the ends', () => {
  assert.deepEqual([from(3, 'Home'), from(1, 'End')], [0, 4]);
});
