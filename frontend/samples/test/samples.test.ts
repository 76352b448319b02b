/** The guide's samples run as they stand: in a document, against a service that answers as the real one does. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { GlobalRegistrator } from '@happy-dom/global-registrator';

import { TestBrowser, TestStream, json, settled } from '../../realtime/test/surroundings.ts';

const RESULT = { url: 'https://media.test/files/1', path: 'media/alice/1/cat.png' };
const OPENED = { jobId: 'u', uploadURL: 'https://store.test/1', objectPath: RESULT.path, method: 'PUT', headers: {}, resumable: false };
const ITEM = { ...RESULT, kind: 'image', source: 'upload', contentType: 'image/png', size: 1, width: 4, height: 3, durationSeconds: null, thumbnailURL: null, placeholder: null, sha256: '', jobId: 'u', prompt: null, model: null, seed: null, createdAt: '2026-01-01T00:00:00Z' };
const FILE = new File([new Uint8Array(10)], 'cat.png', { type: 'image/png' });

GlobalRegistrator.register({ url: 'https://app.test/' });
const streams: TestStream[] = [];
let library = [ITEM];
const service = new TestBrowser(({ method, path, signal }) => {
  switch (`${method} ${path.split('?')[0]}`) {
    case 'GET /example-api/events':
      streams.push(new TestStream(signal));
      return streams.at(-1)!.response;
    case 'POST /example-api/media/upload/init':
      return json(OPENED, 201);
    case 'POST /example-api/media/upload/complete':
      return json({ jobId: 'u', ...RESULT }, 202);
    case 'GET /example-api/media':
      return json({ items: library, nextCursor: null });
    case 'DELETE /example-api/media/alice/1/cat.png':
      return json(null, 204);
    default:
      return json(ITEM);
  }
});
const requestOf = service.newRequest;
Object.assign(globalThis, {
  fetch: service.fetch,
  XMLHttpRequest: function () {
    return requestOf();
  },
  IS_REACT_ACT_ENVIRONMENT: true,
});
const { act, createElement } = await import('react');
const { createRoot } = await import('react-dom/client');
const { UploadOne } = await import('../dist/UploadOne.js');
const { Media } = await import('../dist/Media.js');
const { useMediaLibrary } = await import('@project/realtime');

after(() => GlobalRegistrator.unregister());

test('the hook uploads a file and gives its url and path', async () => {
  const container = document.body.appendChild(document.createElement('div'));
  let result: unknown = null;
  const root = createRoot(container);
  await act(async () => root.render(createElement(UploadOne, { token: 't', file: FILE, onResult: (value) => (result = value) })));

  await act(async () => {
    container.querySelector('button')!.click();
    await settled();
  });
  await act(async () => streams.at(-1)!.snapshot());
  await act(async () => streams.at(-1)!.event('upload_complete', { jobId: 'u', result: RESULT }));

  assert.deepEqual(result, RESULT);
  assert.equal(container.textContent, 'Upload');
  assert.ok(service.exchanges.every(({ headers }) => headers['Authorization'] === 'Bearer t'));
  await act(async () => root.unmount());
});

test('the components show the library and delete from it', async () => {
  const container = document.body.appendChild(document.createElement('div'));
  const root = createRoot(container);
  await act(async () => {
    root.render(createElement(Media, { token: 't' }));
    await settled();
  });
  await act(settled);
  assert.equal(container.querySelectorAll('ul[aria-label="Media"] > li').length, 1);
  const button = (name: RegExp): HTMLButtonElement => [...document.querySelectorAll('button')].find((each) => name.test(`${each.getAttribute('aria-label')} ${each.textContent}`))!;

  await act(async () => button(/Open picture/).click());
  await act(async () => button(/^null Delete/).click());
  library = [];
  await act(async () => {
    [...document.querySelectorAll('button')].filter((each) => /Delete/.test(each.textContent ?? '')).at(-1)!.click();
    await settled();
  });

  assert.ok(service.paths('DELETE').includes('/example-api/media/alice/1/cat.png'));
  assert.equal(container.querySelectorAll('ul[aria-label="Media"] > li').length, 0);
  await act(async () => root.unmount());
});

test('headers by a function are those of the latest render', async () => {
  const Reading = ({ token }: { readonly token: string }) => {
    const { refetch } = useMediaLibrary({ serviceName: 'example-api', headers: () => ({ Authorization: `Bearer ${token}`, 'X-New-Each-Time': crypto.randomUUID() }) });
    return createElement('button', { onClick: () => void refetch() });
  };
  const tokenOf = (number: number): string => `h.${btoa(JSON.stringify({ sub: 'alice', number }))}.s`;
  const container = document.body.appendChild(document.createElement('div'));
  const root = createRoot(container);
  for (const number of [1, 2]) {
    await act(async () => {
      root.render(createElement(Reading, { token: tokenOf(number) }));
      await settled();
    });
  }

  await act(async () => {
    container.querySelector('button')!.click();
    await settled();
  });

  assert.equal(service.exchanges.at(-1)!.headers['Authorization'], `Bearer ${tokenOf(2)}`);
  await act(async () => root.unmount());
});
