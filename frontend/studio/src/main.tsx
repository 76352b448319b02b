/** Starts the page. Everything that comes from the browser itself comes in here. */

import '@project/ui/styles.css';
import './studio.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './App.js';
import { createEventLog } from './eventLog.js';
import { SessionStore } from './session.js';

const base = location.origin + location.pathname.replace(/\/[^/]*$/, ''); // carries BASE_PATH

// The service says so in the page where it has users of its own: asking it all the same would be an error in the console.
const hasUsers = document.documentElement.dataset['signIn'] === 'token';

const store = new SessionStore({
  signIn: () => (hasUsers ? Promise.resolve(new Response(null, { status: 404 })) : fetch(`${base}/studio/session`, { method: 'POST', cache: 'no-store' })),
  kept: sessionStorage,
  now: Date.now,
  later: (milliseconds, then) => void setTimeout(then, milliseconds),
});
store.start();

createRoot(document.getElementById('studio')!).render(
  <StrictMode>
    <App base={base} store={store} newLog={() => createEventLog(() => new Date())} />
  </StrictMode>,
);
