/** The parser of event streams (WHATWG HTML, section 9.2.6): text in any portions in, events out. */

/** One event as it came; `id` is the last id at that point. */
export interface RawEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

export interface SseParser {
  /** A portion of the text, cut anywhere. */
  readonly feed: (chunk: string) => void;
  /** What to resume from: the id that the last complete block left. */
  readonly lastEventId: () => string;
}

export interface SseHandlers {
  readonly onEvent: (event: RawEvent) => void;
  /** Milliseconds that the server would have a client wait before it comes back. */
  readonly onRetry: (milliseconds: number) => void;
}

export function createSseParser(lastEventId: string, { onEvent, onRetry }: SseHandlers): SseParser {
  let rest = '';
  let isAfterCr = false;
  let type = '';
  let data: string[] = [];
  let id = lastEventId;
  let committed = lastEventId;

  function dispatch(): void {
    committed = id; // an id without data counts, too
    if (data.length) onEvent({ id, type: type || 'message', data: data.join('\n') });
    type = '';
    data = [];
  }

  function field(name: string, value: string): void {
    if (name === 'event') type = value;
    else if (name === 'data') data.push(value);
    else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) onRetry(Number(value));
  }

  function line(text: string): void {
    if (text === '') {
      dispatch();
      return;
    }
    const colon = text.indexOf(':');
    if (colon < 0) field(text, '');
    else field(text.slice(0, colon), text.slice(colon + 1).replace(/^ /, '')); // a comment has the empty name
  }

  return {
    feed(chunk) {
      if (!chunk) return;
      const text = rest + (isAfterCr && chunk.startsWith('\n') ? chunk.slice(1) : chunk);
      let start = 0;
      for (const end of text.matchAll(/\r\n|\n|\r/g)) {
        line(text.slice(start, end.index));
        start = end.index + end[0].length;
      }
      isAfterCr = chunk.endsWith('\r');
      rest = text.slice(start);
    },
    lastEventId: () => committed,
  };
}
