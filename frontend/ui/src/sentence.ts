/** What went wrong, in words for a person. */

/** What the service says of a failure, as a sentence of its own: its details begin in lower case, to stand behind a colon. */
export function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(start) || !start ? start : `${start}.`;
}

/** Why something failed; what was said about single fields of a request goes behind it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return sentence(String(error));
  const { message, errors = [] } = error as Error & { readonly errors?: readonly { readonly field: string; readonly message: string }[] };
  return [message, ...errors.map((each) => `${each.field}: ${each.message}`)].map(sentence).join(' ');
}
