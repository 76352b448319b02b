/** Who we are: in development the service signs the page in, otherwise somebody pastes a token. A store without React. */

export type Session =
  | { readonly status: 'starting'; readonly isOffline: boolean }
  /** `isLeft`: whoever was here has gone, and nothing of theirs may stay in sight. */
  | { readonly status: 'asking'; readonly reason: string; readonly isLeft: boolean }
  | { readonly status: 'open'; readonly token: string; readonly user: string };

export interface SessionParts {
  /** Asks the service to sign the page in. */
  readonly signIn: () => Promise<Response>;
  /** Keeps a pasted token for as long as the tab lives. */
  readonly kept: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly now: () => number;
  /** Calls back after so many milliseconds. */
  readonly later: (milliseconds: number, then: () => void) => void;
}

interface Development {
  readonly token: string;
  readonly userId: string;
  readonly expiresAt: string;
}

const TOKEN = 'studio.token';
const REFUSED = 'The token was refused or has expired. Paste another one.';
const AGAIN_MS = 3000;
const LEAST_MS = 5000;
const EARLY_MS = 60_000;
const MOST_MS = 2 ** 31 - 1; // beyond it a browser's timer fires at once

export class SessionStore {
  #session: Session = { status: 'starting', isOffline: false };
  #listeners = new Set<() => void>();
  #isPasted = false;
  #pending = false;
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = (): Session => this.#session;

  /** The token that this tab was given, else the service's, else somebody is asked. */
  start(): void {
    const token = this.#parts.kept.getItem(TOKEN);
    if (token) this.#open(token, true);
    else void this.#ask('');
  }

  /** Somebody pasted a token. */
  paste(text: string): void {
    const token = text.trim().replace(/^Bearer\s+/i, '');
    this.#parts.kept.setItem(TOKEN, token);
    this.#open(token, true);
  }

  signOut(): void {
    this.#parts.kept.removeItem(TOKEN);
    void this.#ask('', true);
  }

  /** Whether there is anything to sign out of: the development user is signed in again at once. */
  get canSignOut(): boolean {
    return this.#isPasted;
  }

  /** The service answered 401 to this token. One that was replaced meanwhile says nothing. */
  refused(token: string): void {
    if (this.#session.status !== 'open' || this.#session.token !== token) return;
    this.#parts.kept.removeItem(TOKEN);
    void this.#ask(this.#isPasted ? REFUSED : '');
  }

  async #ask(reason: string, isLeft = false): Promise<void> {
    if (this.#pending) return;
    this.#pending = true;
    const response = await this.#parts.signIn().catch(() => null);
    this.#pending = false;
    if (response?.status === 201) this.#keep((await response.json()) as Development);
    else if (response?.status === 404) this.#set({ status: 'asking', reason, isLeft });
    else if (response?.status === 403) this.#set({ status: 'asking', reason: await sentenceOf(response), isLeft });
    else {
      this.#set({ status: 'starting', isOffline: true });
      this.#parts.later(AGAIN_MS, () => void this.#ask(reason, isLeft));
    }
  }

  #keep({ token, userId, expiresAt }: Development): void {
    this.#isPasted = false;
    this.#set({ status: 'open', token, user: userId });
    const left = Date.parse(expiresAt) - this.#parts.now();
    // Early enough for one more try, and never at once, whatever the two clocks say.
    if (left > 0) this.#parts.later(Math.min(MOST_MS, Math.max(left - EARLY_MS, left / 2, LEAST_MS)), () => this.#renew(token));
  }

  #renew(token: string): void {
    if (this.#session.status === 'open' && this.#session.token === token) void this.#ask('');
  }

  #open(token: string, isPasted: boolean): void {
    this.#isPasted = isPasted;
    this.#set({ status: 'open', token, user: userOf(token) });
  }

  #set(session: Session): void {
    this.#session = session;
    for (const listener of this.#listeners) listener();
  }
}

/** The `sub` of a JWT, for display only: the service alone judges a token. */
function userOf(token: string): string {
  try {
    const claims: unknown = JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')));
    return typeof claims === 'object' && claims !== null && 'sub' in claims ? String(claims.sub) : '';
  } catch {
    return '';
  }
}

async function sentenceOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { readonly detail?: string; readonly title?: string };
  return problem.detail ?? problem.title ?? '';
}
