/** The raw event stream, for whoever wants to see what the service says. */

import { useState, useSyncExternalStore } from 'react';

import type { EventLog } from './eventLog.js';

const MOST_CHARACTERS = 2000;

export function EventConsole({ log }: { readonly log: EventLog }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details className="console" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>Event console</summary>
      {isOpen && <Lines log={log} />}
    </details>
  );
}

function Lines({ log }: { readonly log: EventLog }) {
  const lines = useSyncExternalStore(log.subscribe, log.getSnapshot);
  if (!lines.length) return <p className="soft">No event has come yet.</p>;
  return (
    <ol tabIndex={0} aria-label="The last events, newest first">
      {lines.map(({ key, time, id, type, data }) => (
        <li key={key} title={id}>
          <time>{time}</time>
          <b>{type}</b>
          <code>{data.slice(0, MOST_CHARACTERS)}</code>
        </li>
      ))}
    </ol>
  );
}
