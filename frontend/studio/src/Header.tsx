/** The name of the place, whether events come, and who is here. */

import type { Link } from './link.js';

export interface HeaderProps {
  readonly link: Link;
  readonly user: string;
  readonly onSignOut: (() => void) | undefined;
}

const WORDS: Record<Link, string> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
  closed: 'Disconnected',
  out: 'Signed out',
};

export function Header({ link, user, onSignOut }: HeaderProps) {
  return (
    <header className="top">
      <h1 className="brand">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M3 5.5h18v13H3z" />
          <path d="M6 15.5h7" className="spark" />
        </svg>
        Studio
      </h1>
      <p className="link" data-link={link}>
        <span className="dot" aria-hidden="true" />
        <b role="status">{WORDS[link]}</b>
        {user && <span className="who">as {user}</span>}
      </p>
      {onSignOut && (
        <button type="button" className="mp-button mp-quiet" onClick={onSignOut}>
          Sign out
        </button>
      )}
    </header>
  );
}
