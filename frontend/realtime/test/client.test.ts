/** A client: its jobs, its library and its uploads, as a service tells of them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createClient } from '../dist/core.js';
import type { Client, MediaItem } from '../dist/core.js';
import { Problem } from '../dist/problem.js';
import { TestBrowser, TestStream, json, settled } from './surroundings.ts';
import type { Exchange } from './surroundings.ts';

type Handler = (exchange: Exchange) => Response | Promise<Response>;

interface Bench {
  readonly browser: TestBrowser;
  readonly client: Client;
  readonly streams: TestStream[];
  readonly changes: () => number;
  readonly leave: () => void;
}

/** `routes` by method and path without its parameters; the stream is the test's. */
async function opened(routes: Readonly<Record<string, Handler>> = {}, { subscribed = true } = {}): Promise<Bench> {
  const streams: TestStream[] = [];
  const browser = new TestBrowser((exchange) => {
    if (exchange.path.startsWith('/api/events')) {
      streams.push(new TestStream(exchange.signal));
      return streams.at(-1)!.response;
    }
    const handler = routes[`${exchange.method} ${exchange.path.split('?')[0]}`];
    return handler ? handler(exchange) : json({ code: 'not_found', detail: 'There is nothing here.' }, 404);
  });
  const client = createClient({ apiPrefix: 'https://media.test/', serviceName: 'api', headers: { Authorization: 'Bearer t' } }, browser);
  let changes = 0;
  const leave = subscribed ? client.subscribe(() => (changes += 1)) : (): void => undefined;
  await settled();
  if (subscribed) await streams[0]!.snapshot();
  return { browser, client, streams, changes: () => changes, leave };
}

function item(number: number, changes: Partial<MediaItem> = {}): MediaItem {
  const createdAt = new Date(Date.UTC(2026, 0, 1, 0, 0, number)).toISOString();
  const nothing = { width: 1, height: 1, durationSeconds: null, thumbnailURL: null, placeholder: null, sha256: '', jobId: null, prompt: null, model: null, seed: null };
  return { path: `media/alice/images/${number}.png`, url: `https://media.test/files/${number}`, kind: 'image', source: 'generated', contentType: 'image/png', size: 1, createdAt, ...nothing, ...changes };
}

const names = (items: readonly MediaItem[]): string[] => items.map(({ path }) => path.split('/').at(-1)!);
const page = (items: readonly MediaItem[], nextCursor: string | null = null): Response => json({ items, nextCursor });

test('the stream is open for as long as somebody listens', async () => {
  const it = await opened();
  assert.equal(it.client.getSnapshot().link.status, 'live');

  it.leave();
  const back = it.client.subscribe(() => undefined);
  await it.browser.pass(1000);
  assert.equal(it.streams.length, 1);
  back();
  await it.browser.pass(1000);

  assert.equal(it.client.getSnapshot().link.status, 'idle');
});

test('a snapshot is the same object until something changes', async () => {
  const it = await opened();
  const before = it.client.getSnapshot();
  await it.streams[0]!.text(': alive\n\n');
  assert.equal(it.client.getSnapshot(), before);

  await it.streams[0]!.event('generation_queued', { jobId: 'a', kind: 'image', queuePosition: 1 });

  assert.notEqual(it.client.getSnapshot(), before);
});

test('a job is asked for once, however often the request gets lost, and is there at once', async () => {
  let lost = 2;
  const it = await opened({
    'POST /api/generate/image': () => {
      if (lost-- > 0) throw new TypeError('fetch failed');
      return json({ jobId: 'a', status: 'queued', urls: {} }, 202);
    },
  });
  const accepting = it.client.generate('image', { prompt: 'a lighthouse', seed: 2n ** 62n });
  await settled();
  await it.browser.pass(1000 + 2000);
  await accepting;

  const posts = it.browser.exchanges.filter(({ method }) => method === 'POST');
  assert.equal(posts.length, 3);
  assert.equal(new Set(posts.map(({ headers }) => headers['Idempotency-Key'])).size, 1);
  assert.equal(posts[0]!.body, '{"prompt":"a lighthouse","seed":4611686018427387904}');
  const [job] = it.client.getSnapshot().jobs;
  assert.deepEqual([job!.jobId, job!.kind, job!.status, job!.request?.['prompt']], ['a', 'image', 'queued', 'a lighthouse']);
});

test('a refusal names its fields', async () => {
  const it = await opened({ 'POST /api/generate/image': () => json({ code: 'invalid_request', detail: 'The request is not valid.', errors: [{ field: 'prompt', message: 'is empty' }] }, 422) });

  await assert.rejects(it.client.generate('image', { prompt: '' }), (error: Problem) => error.status === 422 && error.errors[0]!.field === 'prompt');
});

test('a cancellation that is refused is taken back', async () => {
  const it = await opened({ 'POST /api/jobs/a/cancel': () => json({ code: 'forbidden', detail: 'No.' }, 403) });
  await it.streams[0]!.event('generation_queued', { jobId: 'a', kind: 'image', queuePosition: 1 });
  const cancelling = it.client.cancel('a');
  assert.equal(it.client.getSnapshot().jobs[0]!.status, 'cancelling');

  await assert.rejects(cancelling);

  assert.equal(it.client.getSnapshot().jobs[0]!.status, 'queued');
});

test('the library comes page by page, and what is made meanwhile is there by itself', async () => {
  const it = await opened({
    'GET /api/media': ({ path }) => (path.includes('cursor=c1') ? page([item(2), item(1)]) : page([item(4), item(3)], 'c1')),
  });
  await it.client.load();
  assert.deepEqual([names(it.client.library().items), it.client.library().hasMore], [['4.png', '3.png'], true]);

  await it.streams[0]!.event('generation_complete', { jobId: 'a', result: { media: [item(5)] } });
  await it.client.load({}, true);

  assert.deepEqual([names(it.client.library().items), it.client.library().hasMore], [['5.png', '4.png', '3.png', '2.png', '1.png'], false]);
});

test('a part of the library shows nothing behind which something may be missing', async () => {
  const it = await opened({
    'GET /api/media': ({ path }) => (path.includes('kind=video') ? page([item(9, { kind: 'video', path: 'media/alice/videos/9.mp4' })], 'v1') : page([item(9, { kind: 'video', path: 'media/alice/videos/9.mp4' }), item(4), item(3, { kind: 'video', path: 'media/alice/videos/3.mp4' })], 'c1')),
  });
  await Promise.all([it.client.load(), it.client.load({ kind: 'video' })]);

  assert.deepEqual(names(it.client.library({ kind: 'video' }).items), ['9.mp4']);
  assert.deepEqual(names(it.client.library().items), ['9.mp4', '4.png', '3.mp4']);
});

test('a fresh first page takes away what has gone meanwhile, and leaves what lies deeper', async () => {
  let first = [item(4), item(3)];
  const it = await opened({ 'GET /api/media': ({ path }) => (path.includes('cursor') ? page([item(2), item(1)], 'c2') : page(first, 'c1')) });
  await it.client.load();
  await it.client.load({}, true);
  first = [item(5), item(3)];

  await it.client.load();

  assert.deepEqual([names(it.client.library().items), it.client.library().hasMore], [['5.png', '3.png', '2.png', '1.png'], true]);
});

test('a deletion shows at once, and is taken back when it is refused', async () => {
  let status = 204;
  const it = await opened({ 'GET /api/media': () => page([item(2), item(1)]), 'DELETE /api/media/alice/images/2.png': () => json({ code: 'forbidden', detail: 'No.' }, status) });
  await it.client.load();
  status = 403;
  const removing = it.client.remove('media/alice/images/2.png');
  assert.deepEqual(names(it.client.library().items), ['1.png']);
  await assert.rejects(removing);
  assert.deepEqual(names(it.client.library().items), ['2.png', '1.png']);

  status = 204;
  await it.client.remove('media/alice/images/2.png');

  assert.deepEqual(names(it.client.library().items), ['1.png']);
});

test('what another page deletes goes', async () => {
  const it = await opened({ 'GET /api/media': () => page([item(2), item(1)]) });
  await it.client.load();

  await it.streams[0]!.event('media_deleted', { path: 'media/alice/images/1.png' });

  assert.deepEqual(names(it.client.library().items), ['2.png']);
});

test('what was deleted is not found, and the service is not asked for it', async () => {
  const it = await opened({ 'GET /api/media': () => page([item(1)]) });
  await it.client.load();
  await it.streams[0]!.event('media_deleted', { path: item(1).path });
  const asked = it.browser.exchanges.length;

  await assert.rejects(it.client.find(item(1).path), { status: 404 });
  assert.equal(it.browser.exchanges.length, asked);
});

test('after a reset the loaded library is looked at again', async () => {
  let items = [item(1)];
  const it = await opened({ 'GET /api/media': () => page(items) });
  await it.client.load();
  items = [item(7)];

  await it.streams[0]!.event('reset', { reason: 'log_replaced' });
  await it.streams[0]!.snapshot();

  assert.deepEqual(names(it.client.library().items), ['7.png']);
});

const PNG = new File([new Uint8Array(10)], 'cat.png', { type: 'image/png' });
const OPENED = { jobId: 'u', uploadURL: 'https://store.test/1', objectPath: 'media/alice/1/cat.png', method: 'PUT', headers: {}, resumable: false };
const UPLOADS: Readonly<Record<string, Handler>> = {
  'POST /api/media/upload/init': () => json(OPENED, 201),
  'POST /api/media/upload/complete': () => json({ jobId: 'u', url: 'https://media.test/files/1', path: 'media/alice/1/cat.png' }, 202),
  'POST /api/media/upload/abort': () => json(null, 204),
  'GET /api/media/alice/1/cat.png': () => json(item(1, { path: 'media/alice/1/cat.png', source: 'upload' })),
  'GET /api/media': () => page([]),
};
const RESULT = { url: 'https://media.test/files/1', path: 'media/alice/1/cat.png' };

test('an upload resolves when its URL is live, and not before', async () => {
  const it = await opened(UPLOADS);
  let result: unknown = null;
  const uploading = it.client.upload(PNG).then((value) => (result = value));
  await settled();
  assert.equal(result, null);

  await it.client.load();
  await it.streams[0]!.event('upload_complete', { jobId: 'u', result: RESULT });
  await uploading;

  assert.deepEqual(result, RESULT);
  assert.deepEqual(names(it.client.library().items), ['cat.png']);
});

test('an upload opens the stream by itself, where nobody else listens', async () => {
  const it = await opened(UPLOADS, { subscribed: false });
  const uploading = it.client.upload(PNG);
  await settled();
  await it.streams[0]!.snapshot();

  await it.streams[0]!.event('upload_complete', { jobId: 'u', result: RESULT });

  assert.deepEqual(await uploading, RESULT);
});

test('an upload rejects with the code of its failure', async () => {
  const it = await opened(UPLOADS);
  const uploading = it.client.upload(PNG);
  uploading.catch(() => undefined);
  await settled();

  await it.streams[0]!.event('upload_failed', { jobId: 'u', error: 'It is no PNG.', code: 'content_mismatch', retryable: false });

  await assert.rejects(uploading, (error: Problem) => error.code === 'content_mismatch' && error.message === 'It is no PNG.');
});

test('an end that was missed in a gap is asked for', async () => {
  const job = { jobId: 'u', kind: 'upload', status: 'succeeded', progress: 100, message: null, queuePosition: null, request: {}, result: RESULT, error: null, attempts: 1, createdAt: '2026-01-01T00:00:00Z', startedAt: null, finishedAt: null };
  const it = await opened({ ...UPLOADS, 'GET /api/jobs/u': () => json(job) });
  const uploading = it.client.upload(PNG);
  await settled();

  await it.streams[0]!.event('reset', { reason: 'log_replaced' });
  await it.streams[0]!.snapshot();

  assert.deepEqual(await uploading, RESULT);
});

test('an upload that is aborted while it is verified is cancelled', async () => {
  const it = await opened({ ...UPLOADS, 'POST /api/jobs/u/cancel': () => json({}, 202) });
  const control = new AbortController();
  const uploading = it.client.upload(PNG, { signal: control.signal });
  uploading.catch(() => undefined);
  await settled();

  control.abort();

  await assert.rejects(uploading, { name: 'AbortError' });
  assert.ok(it.browser.paths('POST').includes('/api/jobs/u/cancel'));
});

test('nobody waits for ever: a stream that was refused ends the upload', async () => {
  const it = await opened(UPLOADS);
  const uploading = it.client.upload(PNG);
  uploading.catch(() => undefined);
  await settled();

  it.client.close();

  await assert.rejects(uploading);
});

test('a refusal of a token that was replaced meanwhile says nothing of the new one', async () => {
  const asked: string[] = [];
  const it = await opened({
    'GET /api/media': ({ headers }) => {
      asked.push(headers['Authorization'] ?? '');
      if (asked.length > 1) return page([item(1)]);
      it.client.setHeaders({ Authorization: 'Bearer new' });
      return json({ code: 'unauthenticated' }, 401);
    },
  });

  await it.client.load();

  assert.deepEqual(asked, ['Bearer t', 'Bearer new']);
  assert.equal(it.client.library().problem, null);
});

test('a new token opens a stream that was refused, where it was', async () => {
  let isRefused = true;
  const streams: TestStream[] = [];
  const browser = new TestBrowser(({ signal }) => {
    if (isRefused) return json({ code: 'unauthenticated', detail: 'The token has expired.' }, 401);
    streams.push(new TestStream(signal));
    return streams.at(-1)!.response;
  });
  const client = createClient({ apiPrefix: 'https://media.test', headers: { Authorization: 'Bearer old' } }, browser);
  client.subscribe(() => undefined);
  await settled();
  assert.equal(client.getSnapshot().link.status, 'closed');

  isRefused = false;
  client.setHeaders({ Authorization: 'Bearer new' });
  await settled();

  assert.equal(client.getSnapshot().link.status, 'live');
  assert.equal(browser.exchanges.at(-1)!.headers['Authorization'], 'Bearer new');
  client.close();
});

test('a seed beyond 2^53 keeps its digits', async () => {
  const it = await opened({ 'GET /api/media': () => new Response('{"items":[{"path":"media/alice/1","createdAt":"2026-01-01T00:00:00Z","seed":9223372036854775807}],"nextCursor":null}') });
  await it.client.load();

  const [{ seed }] = it.client.library().items as [MediaItem];
  assert.ok(seed === 9223372036854775807n || process.versions.v8 < '11.4');
});
