/** What was typed becomes a request within the limits of its model. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fitted, newDraft, requestOf } from '../dist/draft.js';
import type { Model } from '../dist/types.js';

const IMAGE: Model = {
  id: 'house/image',
  kind: 'image',
  provider: 'house',
  default: true,
  limits: { n: { minimum: 1, maximum: 8, step: 1 }, width: { minimum: 64, maximum: 2048, step: 1 }, height: { minimum: 64, maximum: 2048, step: 1 } },
  optionsSchema: {},
  takesInputs: false,
};
const VIDEO: Model = {
  ...IMAGE,
  id: 'house/video',
  kind: 'video',
  limits: {
    n: { minimum: 1, maximum: 4, step: 1 },
    width: { minimum: 64, maximum: 300, step: 16 },
    height: { minimum: 64, maximum: 300, step: 16 },
    durationSeconds: { minimum: 0.5, maximum: 10 },
    fps: { minimum: 1, maximum: 60, step: 1 },
  },
};
const MODELS = [IMAGE, VIDEO];

test('a fresh form asks for one square picture of the default model', () => {
  const request = requestOf({ ...newDraft(MODELS), prompt: ' a cat ' }, []);

  assert.deepEqual(request, { prompt: 'a cat', model: 'house/image', n: 1, width: 1024, height: 1024 });
});

test('another kind brings its own limits, and sizes keep their proportions on its grid', () => {
  const draft = fitted(MODELS, { ...newDraft(MODELS), kind: 'video', model: '', shape: 'landscape', n: '8', durationSeconds: '60', prompt: 'x' });

  assert.deepEqual(requestOf(draft, []), { prompt: 'x', model: 'house/video', n: 4, width: 288, height: 208, durationSeconds: 10, fps: 24 });
});

test('a seed keeps all of its digits', () => {
  const draft = { ...newDraft(MODELS), prompt: 'x' };

  assert.equal(requestOf({ ...draft, seed: '9223372036854775807' }, []).seed, 9223372036854775807n);
  assert.equal(requestOf({ ...draft, seed: '7' }, []).seed, 7);
});

test('an earlier request comes back as it was', () => {
  const earlier = { prompt: 'x', model: 'house/image', n: 2, width: 768, height: 1152, seed: 7, negativePrompt: 'y', options: { style: 'abstract' } };

  const draft = newDraft(MODELS, { ...earlier, kind: 'image' });

  assert.equal(draft.shape, 'portrait');
  assert.deepEqual(requestOf(draft, []), earlier);
});

test('a size without a name is a custom one', () => {
  assert.equal(newDraft(MODELS, { kind: 'image', width: 100, height: 333 }).shape, 'custom');
});
