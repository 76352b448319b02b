/** The parser of event streams. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createSseParser } from '../dist/sse.js';
import type { RawEvent } from '../dist/sse.js';

interface Parsed {
  readonly events: RawEvent[];
  readonly retries: number[];
  readonly lastEventId: string;
}

function parsed(chunks: readonly string[], lastEventId = ''): Parsed {
  const events: RawEvent[] = [];
  const retries: number[] = [];
  const parser = createSseParser(lastEventId, { onEvent: (event) => events.push(event), onRetry: (ms) => retries.push(ms) });
  for (const chunk of chunks) parser.feed(chunk);
  return { events, retries, lastEventId: parser.lastEventId() };
}

const WHOLE = 'retry: 3100\n: hello\nid: 1\nevent: note\ndata: {"a":\ndata: "ü"}\n\nid: 2\r\ndata: x\r\n\r\nid: 3\r\rdata\n\n';
const EVENTS = [
  { id: '1', type: 'note', data: '{"a":\n"ü"}' },
  { id: '2', type: 'message', data: 'x' },
  { id: '3', type: 'message', data: '' },
];

test('fields, comments and all three ends of lines are understood', () => {
  assert.deepEqual(parsed([WHOLE]), { events: EVENTS, retries: [3100], lastEventId: '3' });
});

test('wherever the text is cut, the events are the same', () => {
  for (let at = 0; at <= WHOLE.length; at += 1) assert.deepEqual(parsed([WHOLE.slice(0, at), WHOLE.slice(at)]).events, EVENTS);
  assert.deepEqual(parsed([...WHOLE]).events, EVENTS);
});

test('an unfinished event is not told, and its id does not count', () => {
  assert.deepEqual(parsed(['id: 1\ndata: a\n\nid: 2\ndata: b\n']), { events: [{ id: '1', type: 'message', data: 'a' }], retries: [], lastEventId: '1' });
});

test('an id without data counts, one with a NUL does not, and an event without one has the last', () => {
  assert.deepEqual(parsed(['id: 7\n\nid: 8\0\ndata: a\n\n'], '6'), { events: [{ id: '7', type: 'message', data: 'a' }], retries: [], lastEventId: '7' });
});

test('a retry that is no whole number and a field that nobody knows are ignored', () => {
  assert.deepEqual(parsed(['retry: soon\nretry: 1.5\ncolour: red\ndata: a\n\n']).retries, []);
});
