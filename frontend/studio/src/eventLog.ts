/** The last events as they came, newest first. A store without React. */

export interface LogLine {
  readonly key: number;
  /** Hours to milliseconds, by the clock of this computer. */
  readonly time: string;
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

export interface EventLog {
  readonly add: (event: { readonly id: string; readonly type: string; readonly data: string }) => void;
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => readonly LogLine[];
}

const MOST_LINES = 200;

export function createEventLog(now: () => Date): EventLog {
  const listeners = new Set<() => void>();
  let lines: readonly LogLine[] = [];
  let key = 0;
  return {
    add: ({ id, type, data }) => {
      key += 1;
      lines = [{ key, time: clockTime(now()), id, type, data }, ...lines].slice(0, MOST_LINES);
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getSnapshot: () => lines,
  };
}

const clockTime = (moment: Date): string => `${moment.toTimeString().slice(0, 8)}.${String(moment.getMilliseconds()).padStart(3, '0')}`;
