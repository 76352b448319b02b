/** A browser for tests: its clock stands until it is moved, its network answers as it is told. */

import type { Surroundings } from '../dist/surroundings.js';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly signal: AbortSignal | undefined;
}

export type Answering = (exchange: Exchange) => Response | Promise<Response>;

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });

/** What a service at `https://media.test` is asked; timers run when `pass` lets time pass. */
export class TestBrowser implements Surroundings {
  readonly exchanges: Exchange[] = [];
  readonly puts: TestRequest[] = [];
  isConnected = true;
  time = 0;
  /** Decides how each PUT to storage ends. */
  onPut: (request: TestRequest) => void = (request) => request.answer(200);
  private timers: { readonly at: number; readonly then: () => void }[] = [];
  private readonly wakers = new Set<() => void>();
  private readonly losers = new Set<() => void>();
  private readonly answering: Answering;

  constructor(answering: Answering) {
    this.answering = answering;
  }

  readonly now = (): number => this.time;
  readonly random = (): number => 1;
  readonly isOnline = (): boolean => this.isConnected;

  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const exchange = {
      method: init.method ?? 'GET',
      path: url.replace('https://media.test', ''),
      headers: init.headers as Record<string, string>,
      body: (init.body as string | undefined) ?? '',
      signal: init.signal ?? undefined,
    };
    this.exchanges.push(exchange);
    if (!this.isConnected) throw new TypeError('fetch failed');
    return this.answering(exchange);
  };

  readonly newRequest = (): XMLHttpRequest => {
    const request = new TestRequest(this);
    this.puts.push(request);
    return request as unknown as XMLHttpRequest;
  };

  readonly later = (milliseconds: number, then: () => void): (() => void) => {
    const timer = { at: this.time + milliseconds, then };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((each) => each !== timer);
    };
  };

  readonly onWake = (then: () => void): (() => void) => {
    this.wakers.add(then);
    return () => void this.wakers.delete(then);
  };

  readonly onOffline = (then: () => void): (() => void) => {
    this.losers.add(then);
    return () => void this.losers.delete(then);
  };

  /** Takes the network away, without any connection's noticing it. */
  async lose(): Promise<void> {
    this.isConnected = false;
    for (const then of [...this.losers]) then();
    await settled();
  }

  wake(): void {
    for (const then of [...this.wakers]) then();
  }

  /** How long until each timer, in milliseconds. */
  get waits(): readonly number[] {
    return this.timers.map(({ at }) => at - this.time).sort((a, b) => a - b);
  }

  /** Lets so much time pass, and what becomes due with it happen. */
  async pass(milliseconds: number): Promise<void> {
    const until = this.time + milliseconds;
    for (;;) {
      const [next] = this.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.timers = this.timers.filter((each) => each !== next);
      this.time = next.at;
      next.then();
      await settled();
    }
    this.time = until;
    await settled();
  }

  paths(method = 'GET'): readonly string[] {
    return this.exchanges.filter((each) => each.method === method).map(({ path }) => path);
  }
}

/** As much of an XMLHttpRequest as a PUT needs. */
export class TestRequest {
  readonly upload: { onprogress: ((event: { readonly loaded: number }) => void) | null } = { onprogress: null };
  readonly headers: Record<string, string> = {};
  onload: (() => void) | null = null;
  onerror: (() => void) | null = null;
  status = 0;
  url = '';
  body: Blob | null = null;
  isAborted = false;
  private range: string | null = null;
  private readonly browser: TestBrowser;

  constructor(browser: TestBrowser) {
    this.browser = browser;
  }

  open(_method: string, url: string): void {
    this.url = url;
  }

  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  getResponseHeader(name: string): string | null {
    return name === 'Range' ? this.range : null;
  }

  send(body: Blob | null): void {
    this.body = body;
    queueMicrotask(() => this.browser.onPut(this));
  }

  abort(): void {
    this.isAborted = true;
  }

  sent(bytes: number): void {
    this.upload.onprogress?.({ loaded: bytes });
  }

  answer(status: number, range: string | null = null): void {
    this.status = status;
    this.range = range;
    this.onload?.();
  }

  breakOff(): void {
    this.onerror?.();
  }
}

/** A stream that the test writes. */
export class TestStream {
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private last = 0;
  readonly response: Response;

  constructor(signal?: AbortSignal) {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (this.controller = controller) });
    signal?.addEventListener('abort', () => void this.breakOff());
    this.response = new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  }

  async text(text: string): Promise<void> {
    this.controller.enqueue(new TextEncoder().encode(text));
    await settled();
  }

  async event(name: string, data: unknown, id = `e-${(this.last += 1)}`): Promise<void> {
    await this.text(`id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  async snapshot(jobs: readonly unknown[] = []): Promise<void> {
    await this.event('snapshot', { jobs, truncated: false });
  }

  async breakOff(): Promise<void> {
    try {
      this.controller.error(new TypeError('network error'));
    } catch {
      // it had ended
    }
    await settled();
  }
}

/** Everything that is ready to happen has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
