/** What the service says of a failure, as a sentence of its own: its details begin in lower case, to stand behind a colon. */
export function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(start) || !start ? start : `${start}.`;
}
