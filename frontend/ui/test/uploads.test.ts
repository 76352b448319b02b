/** What becomes of each file of an uploader. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { reduceUploads, tallied } from '../dist/uploads.js';
import type { Entries, UploadAction } from '../dist/uploads.js';

const file = new File(['abc'], 'cat.jpg', { type: 'image/jpeg' });
const after = (...actions: UploadAction[]): Entries => actions.reduce(reduceUploads, [] as Entries);
const added = (id: number): UploadAction => ({ type: 'added', id, file });

test('each file has its own state', () => {
  const entries = after(added(1), added(2), { type: 'begun', id: 1 }, { type: 'progressed', id: 1, progress: 40 });

  assert.deepEqual(entries.map(({ status, progress }) => [status, progress]), [['sending', 40], ['waiting', null]]);
});

test('what is over stays as it ended', () => {
  const entries = after(added(1), { type: 'begun', id: 1 }, { type: 'cancelled', id: 1 }, { type: 'progressed', id: 1, progress: 90 }, { type: 'stored', id: 1 });

  assert.deepEqual(entries.map(({ status, progress }) => [status, progress]), [['cancelled', null]]);
});

test('trying again begins anew, without the old reason', () => {
  const entries = after(added(1), { type: 'failed', id: 1, reason: 'It is no picture.' }, { type: 'again', id: 1 });

  assert.deepEqual(entries.map(({ status, reason }) => [status, reason]), [['waiting', '']]);
});

test('clearing keeps what is still going on', () => {
  const entries = after(added(1), added(2), { type: 'stored', id: 1 }, { type: 'cleared' });

  assert.deepEqual(entries.map(({ id }) => id), [2]);
});

test('the tally counts by what became of each', () => {
  const entries = after(added(1), added(2), added(3), { type: 'stored', id: 1 }, { type: 'failed', id: 2, reason: '' });

  assert.deepEqual(tallied(entries), { open: 1, stored: 1, failed: 1, over: 2 });
});
