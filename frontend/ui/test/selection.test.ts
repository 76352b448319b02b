/** Selecting one, a range, all and none. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NOTHING, reduceSelection } from '../dist/selection.js';
import type { SelectionAction } from '../dist/selection.js';

const order = ['a', 'b', 'c', 'd'];
const chosen = (...actions: SelectionAction[]): string[] => [...actions.reduce(reduceSelection, NOTHING).chosen].sort();

test('toggling twice is nothing', () => {
  assert.deepEqual(chosen({ type: 'toggled', path: 'a' }, { type: 'toggled', path: 'b' }, { type: 'toggled', path: 'a' }), ['b']);
});

test('a range goes from what was chosen last, in either direction', () => {
  assert.deepEqual(chosen({ type: 'toggled', path: 'd' }, { type: 'extended', path: 'b', order }), ['b', 'c', 'd']);
});

test('all and none', () => {
  assert.deepEqual(chosen({ type: 'all', order }), order);
  assert.deepEqual(chosen({ type: 'all', order }, { type: 'none' }), []);
});
