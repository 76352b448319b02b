/** A model's options schema becomes fields. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { optionFields } from '../dist/options.js';

const fieldOf = (schema: object, more: object = {}) => optionFields({ properties: { it: schema }, ...more })[0];

test('an enumeration is a choice, also of numbers', () => {
  const field = fieldOf({ enum: ['auto', 'soft'], default: 'auto', title: 'Style' });

  assert.deepEqual(field, { name: 'it', title: 'Style', description: '', required: false, type: 'choice', values: ['auto', 'soft'], preset: 'auto' });
  assert.deepEqual((fieldOf({ enum: [1, 2] }) as { values: unknown }).values, [1, 2]);
});

test('a bounded number is a range; its steps are whole where it is', () => {
  assert.deepEqual({ ...fieldOf({ type: 'integer', minimum: 1, maximum: 3 }) }, { name: 'it', title: 'it', description: '', required: false, type: 'range', minimum: 1, maximum: 3, step: 1, preset: undefined });
  assert.equal((fieldOf({ type: 'number', minimum: 0, maximum: 2 }) as { step: number }).step, 0.02);
});

test('"this or null" and references are looked through, and the outer words win', () => {
  const field = fieldOf({ anyOf: [{ $ref: '#/$defs/Deep' }, { type: 'null' }], title: 'Outer' }, { $defs: { Deep: { type: 'boolean', title: 'Inner', default: true } }, required: ['it'] });

  assert.deepEqual(field, { name: 'it', title: 'Outer', description: '', required: true, type: 'flag', preset: true });
});

test('what no form can offer is left to the model', () => {
  assert.deepEqual(optionFields({ properties: { list: { type: 'array' }, open: { type: 'number' } } }), []);
});
