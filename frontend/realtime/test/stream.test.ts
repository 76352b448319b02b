/** The one event stream of a page: resumed, waited for, given up. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createApi } from '../dist/api.js';
import { newPlace, stream } from '../dist/stream.js';
import type { Link } from '../dist/stream.js';
import { TestBrowser, TestStream, json, settled } from './surroundings.ts';
import type { Answering } from './surroundings.ts';

interface Listening {
  readonly browser: TestBrowser;
  readonly links: string[];
  readonly last: () => Link;
  readonly stop: () => void;
  readonly ids: string[];
}

async function listening(answering: Answering): Promise<Listening> {
  const browser = new TestBrowser(answering);
  const control = new AbortController();
  const links: Link[] = [];
  const ids: string[] = [];
  const api = createApi('https://media.test', { Authorization: 'Bearer t' }, browser);
  void stream(api, newPlace(), { onEvent: ({ id }) => ids.push(id), onLink: (link) => links.push(link) }, browser, control.signal);
  await settled();
  return {
    browser,
    get links() {
      return links.map(({ status }) => status);
    },
    last: () => links.at(-1)!,
    stop: () => control.abort(),
    ids,
  };
}

/** Answers each connection with the next of these. */
function inTurn(...answers: Answering[]): Answering {
  let turn = 0;
  return (exchange) => answers[Math.min(turn++, answers.length - 1)]!(exchange);
}

const resumedFrom = ({ browser }: Listening): (string | undefined)[] => browser.exchanges.map(({ headers }) => headers['Last-Event-ID']);

test('it goes on behind the last id, with the token, once the wait that the service asked for is over', async () => {
  const streams: TestStream[] = [];
  const it = await listening(({ signal }) => (streams.push(new TestStream(signal)), streams.at(-1)!.response));
  await streams[0]!.text('retry: 2000\n');
  await streams[0]!.snapshot();
  await streams[0]!.event('generation_started', { jobId: 'a' });

  await streams[0]!.breakOff();
  await it.browser.pass(1999);
  assert.equal(streams.length, 1);
  await it.browser.pass(1);

  assert.deepEqual(resumedFrom(it), [undefined, 'e-2']);
  assert.equal(it.browser.exchanges[1]!.headers['Authorization'], 'Bearer t');
  assert.deepEqual(it.links, ['connecting', 'live', 'reconnecting', 'live']);
  it.stop();
});

test('before its snapshot there is nothing to resume from, behind a reset neither', async () => {
  const streams: TestStream[] = [];
  const it = await listening(({ signal }) => (streams.push(new TestStream(signal)), streams.at(-1)!.response));
  await streams[0]!.snapshot();
  await streams[0]!.event('reset', { reason: 'log_replaced' });
  await streams[0]!.breakOff();
  await it.browser.pass(3000);

  assert.deepEqual(resumedFrom(it), [undefined, undefined]);
  it.stop();
});

test('the waits grow to half a minute, and a connection that stood begins them anew', async () => {
  const answers = [...Array<Answering>(6).fill(() => json({}, 502)), (({ signal }) => new TestStream(signal).response) as Answering];
  const it = await listening(inTurn(...answers));
  const waits: number[] = [];
  for (let failures = 0; failures < 6; failures += 1) {
    waits.push(it.browser.waits[0]!);
    await it.browser.pass(it.browser.waits[0]!);
  }

  assert.deepEqual(waits, [3000, 6000, 12_000, 24_000, 30_000, 30_000]);
  it.stop();
});

test('Retry-After is waited for, but not when somebody looks again', async () => {
  const it = await listening(inTurn(() => json({}, 503, { 'Retry-After': '20' }), ({ signal }) => new TestStream(signal).response));
  assert.deepEqual(it.browser.waits, [20_000]);

  it.browser.wake();
  await settled();

  assert.equal(it.last().status, 'live');
  it.stop();
});

test('a line that is silent for three signs of life is cut and opened anew', async () => {
  const streams: TestStream[] = [];
  const it = await listening(({ signal }) => (streams.push(new TestStream(signal)), streams.at(-1)!.response));
  await it.browser.pass(44_000);
  await streams[0]!.text(': alive\n');
  await it.browser.pass(44_000);
  assert.equal(streams.length, 1);

  await it.browser.pass(1000 + 3000);

  assert.equal(streams.length, 2);
  it.stop();
});

for (const status of [401, 403]) {
  test(`a ${status} is final, and says why`, async () => {
    const it = await listening(() => json({ detail: 'The token has expired.', code: 'unauthenticated' }, status));

    const link = it.last();
    assert.equal(link.status === 'closed' && link.problem?.message, 'The token has expired.');
    assert.deepEqual(it.browser.waits, []);
  });
}

test('an id that the service can not read is not sent again', async () => {
  const streams: TestStream[] = [];
  const open: Answering = ({ signal }) => (streams.push(new TestStream(signal)), streams.at(-1)!.response);
  const it = await listening(inTurn(open, () => json({ code: 'bad_request' }, 400), open));
  await streams[0]!.snapshot();
  await streams[0]!.breakOff();
  await it.browser.pass(3000 + 6000);

  assert.deepEqual(resumedFrom(it), [undefined, 'e-1', undefined]);
  it.stop();
});

test('without a network it says so at once, and comes back with it', async () => {
  const streams: TestStream[] = [];
  const it = await listening(({ signal }) => (streams.push(new TestStream(signal)), streams.at(-1)!.response));
  await streams[0]!.snapshot();

  await it.browser.lose();
  assert.equal(it.last().status, 'offline');
  await it.browser.pass(3000);
  assert.equal(it.last().status, 'offline');
  it.browser.isConnected = true;
  it.browser.wake();
  await settled();

  assert.equal(it.last().status, 'live');
  assert.deepEqual(resumedFrom(it).at(-1), 'e-1');
  it.stop();
});
