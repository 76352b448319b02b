/** Asks for a token where the service has its own users. */

import { useEffect, useId, useRef } from 'react';

export interface SignInProps {
  readonly reason: string;
  readonly onToken: (token: string) => void;
}

export function SignIn({ reason, onToken }: SignInProps) {
  const input = useRef<HTMLInputElement>(null);
  const [field, oops] = [useId(), useId()];
  useEffect(() => input.current?.focus(), []);
  return (
    <form
      className="mp-form sign-in"
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        onToken(input.current!.value);
      }}
    >
      <h2>Sign in</h2>
      <p className="soft">This service knows its users by an access token. It stays in this tab and is forgotten with it.</p>
      <div className="mp-field">
        <label htmlFor={field}>Paste an access token</label>
        <input ref={input} id={field} className="mp-input" type="password" required autoComplete="off" spellCheck={false} aria-describedby={oops} />
        <p id={oops} className="mp-complaint" role="alert">
          {reason}
        </p>
      </div>
      <button type="submit" className="mp-button mp-main">
        Sign in
      </button>
    </form>
  );
}
