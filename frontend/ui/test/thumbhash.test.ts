/** A hash that the service made decodes to a likeness of its picture. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decodeThumbHash } from '../dist/thumbhash.js';

/** Hashes that the service's encoder made (`actors/processing/thumbhash.py`), and what they are of. */
const RED_LANDSCAPE = '15oDBIC0taeGh4ePh3P1i1kMtw==';
const LEFT_BLACK_RIGHT_WHITE = 'IAgqBwBwenaIiIiIiIiHeIiIh4iIiIgI';
const HALF_TRANSPARENT_PORTRAIT = 'FZqAAwBYeI+HV4d4j4gHeIiHj3iIWIg=';

const pixel = (hash: string, x: number, y: number): number[] => {
  const { width, height, pixels } = decodeThumbHash(hash)!;
  const place = (Math.floor(y * height) * width + Math.floor(x * width)) * 4;
  return [...pixels.subarray(place, place + 4)];
};

test('a likeness has the proportions of its picture, and is at most 32 pixels long', () => {
  const { width, height } = decodeThumbHash(RED_LANDSCAPE)!;

  assert.deepEqual([width, Math.abs(height - 16) <= 3], [32, true]);
});

test('one colour stays that colour', () => {
  const [red, green, blue, alpha] = pixel(RED_LANDSCAPE, 0.5, 0.5);

  assert.ok(red! > 180 && green! < 60 && blue! < 60, `${red} ${green} ${blue}`);
  assert.equal(alpha, 255);
});

test('what is dark and what is light stays where it is', () => {
  const [left] = pixel(LEFT_BLACK_RIGHT_WHITE, 0.1, 0.5);
  const [right] = pixel(LEFT_BLACK_RIGHT_WHITE, 0.9, 0.5);

  assert.ok(left! < 60 && right! > 195, `${left} ${right}`);
});

test('transparency is part of the likeness', () => {
  const { width, height } = decodeThumbHash(HALF_TRANSPARENT_PORTRAIT)!;
  const top = pixel(HALF_TRANSPARENT_PORTRAIT, 0.5, 0.1)[3]!;
  const bottom = pixel(HALF_TRANSPARENT_PORTRAIT, 0.5, 0.9)[3]!;

  assert.ok(height > width);
  assert.ok(top > 200 && bottom < 55, `${top} ${bottom}`);
});

test('text that is no hash has no likeness', () => {
  assert.equal(decodeThumbHash('no base64!'), null);
  assert.equal(decodeThumbHash('AAAA'), null);
});
