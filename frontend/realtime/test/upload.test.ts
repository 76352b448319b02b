/** One file on its way: whole or in chunks, broken off, refused, aborted. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createApi } from '../dist/api.js';
import { Problem } from '../dist/problem.js';
import { send } from '../dist/upload.js';
import { TestBrowser, TestRequest, json, settled } from './surroundings.ts';
import type { Answering } from './surroundings.ts';

const MIB = 1024 * 1024;
const SMALL = new File([new Uint8Array(1000)], 'cat.png', { type: 'image/png' });
const LARGE = new File([new Uint8Array(20 * MIB)], 'film.mp4', { type: 'video/mp4' });

/** A service that opens as many uploads as are wanted, and completes each. */
function opening(): Answering {
  let count = 0;
  return ({ path, body }) => {
    const asked = JSON.parse(body || '{}') as { size: number; resumable?: boolean };
    if (path === '/media/upload/complete') return json({ jobId: `job-${count}`, url: 'https://media.test/files/x', path: 'media/alice/x/cat.png' }, 202);
    if (path === '/media/upload/abort') return json(null, 204);
    count += 1;
    const resumable = asked.resumable === true || asked.size > 8 * MIB;
    const opened = { jobId: `job-${count}`, uploadURL: `https://store.test/${count}`, objectPath: `media/alice/${count}`, method: 'PUT', headers: { 'Content-Type': 'image/png' }, resumable };
    return json(opened, 201);
  };
}

interface Sending {
  readonly browser: TestBrowser;
  readonly sent: number[];
  readonly ending: Promise<unknown>;
  readonly control: AbortController;
  readonly aborted: () => readonly string[];
}

function sending(file: File, onPut: (request: TestRequest) => void, answering = opening()): Sending {
  const browser = new TestBrowser(answering);
  browser.onPut = onPut;
  const sent: number[] = [];
  const control = new AbortController();
  const api = createApi('https://media.test', { Authorization: 'Bearer t' }, browser);
  const ending = send(file, api, browser, { signal: control.signal, onSent: (bytes) => sent.push(bytes) }).catch((error: unknown) => error);
  const aborted = (): readonly string[] => browser.exchanges.filter(({ path }) => path.endsWith('/abort')).map(({ body }) => body);
  return { browser, sent, ending, control, aborted };
}

/** Answers each PUT with the next of these. */
function inTurn(...answers: ((request: TestRequest) => void)[]): (request: TestRequest) => void {
  let turn = 0;
  return (request) => answers[Math.min(turn++, answers.length - 1)]!(request);
}

const rangesOf = ({ browser }: Sending): (string | undefined)[] => browser.puts.map(({ headers }) => headers['Content-Range']);

test('a small file goes in one PUT, with exactly the headers that were signed', async () => {
  const it = sending(SMALL, (request) => {
    request.sent(400);
    request.sent(1000);
    request.answer(200);
  });

  assert.equal(((await it.ending) as { jobId: string }).jobId, 'job-1');
  assert.deepEqual(it.browser.puts.map(({ url, headers }) => ({ url, headers })), [{ url: 'https://store.test/1', headers: { 'Content-Type': 'image/png' } }]);
  assert.deepEqual(JSON.parse(it.browser.exchanges[0]!.body), { filename: 'cat.png', contentType: 'image/png', size: 1000 });
  assert.deepEqual(it.sent, [400, 1000]);
});

test('a large one goes in chunks of 8 MiB, each behind what is confirmed', async () => {
  const it = sending(LARGE, inTurn(
    (request) => request.answer(308, `bytes=0-${8 * MIB - 1}`),
    (request) => request.answer(308, `bytes=0-${10 * MIB - 1}`),
    (request) => {
      request.sent(1 * MIB);
      request.answer(308, `bytes=0-${18 * MIB - 1}`);
    },
    (request) => request.answer(200),
  ));
  await it.ending;

  const total = 20 * MIB;
  assert.deepEqual(rangesOf(it), [`bytes 0-${8 * MIB - 1}/${total}`, `bytes ${8 * MIB}-${16 * MIB - 1}/${total}`, `bytes ${10 * MIB}-${18 * MIB - 1}/${total}`, `bytes ${18 * MIB}-${total - 1}/${total}`]);
  assert.deepEqual(it.sent, [8 * MIB, 10 * MIB, 11 * MIB, 18 * MIB, 20 * MIB]);
});

test('a chunk that breaks off is asked about, and the rest goes on from there', async () => {
  const it = sending(LARGE, inTurn(
    (request) => request.answer(308, `bytes=0-${8 * MIB - 1}`),
    (request) => request.breakOff(),
    (request) => request.answer(503),
    (request) => request.answer(308, `bytes=0-${9 * MIB - 1}`),
    (request) => request.answer(308, `bytes=0-${17 * MIB - 1}`),
    (request) => request.answer(200),
  ));
  await settled();
  await it.browser.pass(1000 + 2000);
  await it.ending;

  assert.deepEqual(rangesOf(it).slice(2, 5), [`bytes */${20 * MIB}`, `bytes */${20 * MIB}`, `bytes ${9 * MIB}-${17 * MIB - 1}/${20 * MIB}`]);
  assert.deepEqual(it.aborted(), []);
});

test('a session that is over is followed by another', async () => {
  const it = sending(LARGE, inTurn((request) => request.answer(308, `bytes=0-${8 * MIB - 1}`), (request) => request.answer(404), (request) => request.answer(200)));
  await settled();

  assert.equal(((await it.ending) as { jobId: string }).jobId, 'job-2');
  assert.deepEqual(it.aborted(), ['{"objectPath":"media/alice/1"}']);
});

test('a single PUT that breaks off is sent again as a session', async () => {
  const it = sending(SMALL, inTurn((request) => request.breakOff(), (request) => request.answer(200)));
  await settled();
  await it.browser.pass(1000);
  await it.ending;

  assert.equal((JSON.parse(it.browser.exchanges.findLast(({ path }) => path.endsWith('/init'))!.body) as { resumable: boolean }).resumable, true);
  assert.deepEqual(rangesOf(it), [undefined, 'bytes 0-999/1000']);
  assert.deepEqual(it.aborted(), ['{"objectPath":"media/alice/1"}']);
});

test('a URL that has expired is replaced, but not for ever', async () => {
  const it = sending(SMALL, (request) => request.answer(403));
  const error = await it.ending;

  assert.ok(error instanceof Problem);
  assert.equal(it.browser.puts.length, 3);
  assert.equal(it.aborted().length, 3);
});

test('what storage has already is completed', async () => {
  const it = sending(SMALL, (request) => request.answer(412));

  assert.equal(((await it.ending) as { jobId: string }).jobId, 'job-1');
});

test('what storage refuses for its size is not sent again', async () => {
  const it = sending(SMALL, (request) => request.answer(413));
  const error = (await it.ending) as Problem;

  assert.equal(error.status, 413);
  assert.equal(it.browser.puts.length, 1);
});

test('a refusal to open is the reason, and nothing is sent', async () => {
  const it = sending(SMALL, () => assert.fail(), () => json({ code: 'quota_exceeded', detail: 'There is no room.' }, 413));
  const error = (await it.ending) as Problem;

  assert.deepEqual([error.code, error.message, it.browser.puts.length], ['quota_exceeded', 'There is no room.', 0]);
});

test('an upload that is aborted stops at once and gives its room back', async () => {
  const it = sending(SMALL, (request) => request.sent(10));
  await settled();
  it.control.abort();
  const error = (await it.ending) as Error;

  assert.equal(error.name, 'AbortError');
  assert.ok(it.browser.puts[0]!.isAborted);
  assert.deepEqual(it.aborted(), ['{"objectPath":"media/alice/1"}']);
});

test('an upload that is aborted while it is opened gives its room back, too', async () => {
  const it = sending(SMALL, () => assert.fail());
  it.control.abort();
  const error = (await it.ending) as Error;

  assert.equal(error.name, 'AbortError');
  assert.equal(it.browser.puts.length, 0);
  assert.deepEqual(it.aborted(), ['{"objectPath":"media/alice/1"}']);
});

test('an empty file is refused before anybody is asked', async () => {
  const it = sending(new File([], 'nothing.png', { type: 'image/png' }), () => assert.fail());
  const error = (await it.ending) as Problem;

  assert.deepEqual([error.message, error.code, it.browser.exchanges.length], ['The file is empty.', 'invalid_request', 0]);
});

test('what storage has lost before it was completed is sent again', async () => {
  const service = opening();
  let isLost = true;
  const it = sending(
    SMALL,
    (request) => {
      isLost = it.browser.puts.length < 2;
      request.answer(200);
    },
    (exchange) => (exchange.path === '/media/upload/complete' && isLost ? json({ code: 'upload_incomplete' }, 409) : service(exchange)),
  );
  for (const _ of Array(8)) await it.browser.pass(10_000);

  assert.equal(((await it.ending) as { jobId: string }).jobId, 'job-2');
});
