/** What the service really sends, recorded by its own tests, makes the state that a front end shows. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { createSseParser } from '../dist/sse.js';
import type { RawEvent } from '../dist/sse.js';
import { NOTHING, isEvent, reduce } from '../dist/state.js';
import type { Change, KnownJob, State } from '../dist/state.js';

function eventsOf(name: string): readonly RawEvent[] {
  const events: RawEvent[] = [];
  const parser = createSseParser('', { onEvent: (event) => events.push(event), onRetry: () => undefined });
  parser.feed(readFileSync(new URL(`./transcripts/${name}.sse`, import.meta.url), 'utf8'));
  return events;
}

const changeOf = ({ type, data, id }: RawEvent): Change => ({ type, data: JSON.parse(data) as unknown, id }) as Change;
const replayed = (events: readonly RawEvent[], before: State = NOTHING): State => events.reduce((state, event) => reduce(state, changeOf(event)), before);
const only = (state: State): KnownJob => {
  const jobs = Object.values(state.jobs);
  assert.equal(jobs.length, 1);
  return jobs[0]!;
};

const ALL = ['generation', 'cancellation', 'upload', 'refusal', 'gap'];

test('every event of every transcript is known', () => {
  for (const name of ALL) assert.ok(eventsOf(name).every(({ type }) => isEvent(type)));
});

test('two pictures: progress never falls, reaches the end with the end, and both are in the library', () => {
  const events = eventsOf('generation');
  let state = NOTHING;
  const shown: number[] = [];
  for (const event of events) {
    state = reduce(state, changeOf(event));
    const progress = Object.values(state.jobs)[0]?.progress;
    if (progress !== undefined && progress !== null) shown.push(progress);
  }

  assert.deepEqual(shown, [...shown].sort((a, b) => a - b));
  assert.equal(shown.at(-1), 100);
  assert.deepEqual([only(state).status, state.media.length], ['succeeded', 2]);
});

test('a repeat of the whole changes nothing', () => {
  for (const name of ALL) {
    const events = eventsOf(name).filter(({ type }) => type !== 'snapshot' && type !== 'reset');
    const once = replayed(events);
    assert.deepEqual(replayed(events, once), once);
  }
});

test('a cancelled job is cancelled and not failed', () => {
  const job = only(replayed(eventsOf('cancellation')));

  assert.deepEqual([job.status, job.error?.code], ['cancelled', 'cancelled']);
});

test('an upload ends with its url, and a deletion takes it away', () => {
  const state = replayed(eventsOf('upload'));
  const { path } = only(state).result as { readonly path: string };

  assert.equal(only(state).status, 'succeeded');
  assert.ok(state.gone.has(path));
});

test('an upload that is refused says why', () => {
  const { status, error } = only(replayed(eventsOf('refusal')));

  assert.deepEqual([status, error?.code], ['failed', 'content_mismatch']);
});

test('behind a gap the snapshot is the state, media included, and what is younger than it stays', () => {
  const before = reduce(NOTHING, { type: 'accepted', data: { jobId: 'young', kind: 'image', request: {}, at: '2026-01-01T00:00:01Z' } });
  const stale = reduce(before, { type: 'generation_queued', data: { jobId: 'stale', kind: 'image', queuePosition: 1 }, id: 'x' });

  const state = replayed(eventsOf('gap'), stale);

  assert.ok(state.jobs['young'] && !state.jobs['stale']);
  assert.equal(state.media.length, 1);
});
