/** Says aloud what somebody who does not look would want to be told, and shows what passes by itself. */

import { createContext, useCallback, useContext, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';

export interface Announcer {
  /** For screen readers alone. */
  readonly say: (sentence: string) => void;
  /** For everybody: a note that can be put away. */
  readonly note: (sentence: string) => void;
}

const Context = createContext<Announcer>({ say: () => undefined, note: () => undefined });

export const useAnnouncer = (): Announcer => useContext(Context);

interface Note {
  readonly id: number;
  readonly sentence: string;
}

const MOST_NOTES = 3;

export function AnnouncerProvider({ children }: { readonly children: ReactNode }) {
  const [said, setSaid] = useState('');
  const [notes, setNotes] = useState<readonly Note[]>([]);
  const nextId = useRef(1);
  // A region with the same text as before is not read again: an invisible difference has it read.
  const say = useCallback((sentence: string) => setSaid((before) => (before === sentence ? `${sentence}\u00a0` : sentence)), []);
  const note = useCallback((sentence: string) => setNotes((before) => [...before, { id: nextId.current++, sentence }].slice(-MOST_NOTES)), []);
  const announcer = useMemo(() => ({ say, note }), [say, note]);
  return (
    <Context.Provider value={announcer}>
      {children}
      <p className="mp-hidden" role="status">
        {said}
      </p>
      <div className="notes" role="alert">
        {notes.map(({ id, sentence }) => (
          <p key={id}>
            <span>{sentence}</span>
            <button type="button" aria-label="Dismiss" onClick={() => setNotes((before) => before.filter((each) => each.id !== id))}>
              ×
            </button>
          </p>
        ))}
      </div>
    </Context.Provider>
  );
}
