/** A value that listeners are told of when it changes: what React calls an external store. */

export interface Store<Value> {
  /** Calls back after each change; what it returns ends that. */
  readonly subscribe: (listener: () => void) => () => void;
  /** The same object until something changes. */
  readonly getSnapshot: () => Value;
}

export interface WritableStore<Value> extends Store<Value> {
  readonly set: (value: Value) => void;
}

export function createStore<Value>(initial: Value): WritableStore<Value> {
  const listeners = new Set<() => void>();
  let value = initial;
  return {
    getSnapshot: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      const entry = (): void => listener(); // the same listener may subscribe twice
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
  };
}
