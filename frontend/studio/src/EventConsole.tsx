/** The raw event stream, for whoever wants to see what the service says. */

import { useState, useSyncExternalStore } from 'react';

import type { EventLog, LogLine } from './eventLog.js';

const MOST_CHARACTERS = 200;

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
    <ol aria-label="The last events, newest first">
      {lines.map((line) => (
        <li key={line.key}>
          <Line line={line} />
        </li>
      ))}
    </ol>
  );
}

/** The beginning of an event; unfolded, all of it as it came. */
function Line({ line: { time, id, type, data } }: { readonly line: LogLine }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>
        <time>{time}</time> <b>{type}</b> <code>{data.slice(0, MOST_CHARACTERS)}</code>
      </summary>
      {isOpen && <pre>{`id: ${id}\nevent: ${type}\ndata: ${data}`}</pre>}
    </details>
  );
}
