/** What went wrong, in words for a person. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { reasonOf, sentence } from '../dist/sentence.js';

test('a detail becomes a sentence, and a sentence stays one', () => {
  assert.deepEqual(['there is no room', 'No such job.', ''].map(sentence), ['There is no room.', 'No such job.', '']);
});

test('what was said about single fields is part of the reason', () => {
  const refusal = Object.assign(new Error('A value breaks a rule.'), { errors: [{ field: 'filename', message: 'has no letter' }] });

  assert.equal(reasonOf(refusal), 'A value breaks a rule. Filename: has no letter.');
});

test('what is no error is a reason, too', () => {
  assert.equal(reasonOf('gone'), 'Gone.');
});
