/** JSON whose whole numbers keep all of their digits: a seed goes to 2^63, a JavaScript number to 2^53. */

const MARK = '\u0000integer:';
const MARKED = /"\\u0000integer:(-?\d+)"/g;

/** Seeds that a number can't hold are bigints, where the browser says what was written. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, function (key: string, value: unknown, context?: { readonly source?: string }): unknown {
    const isTooLarge = key === 'seed' && typeof value === 'number' && !Number.isSafeInteger(value);
    return isTooLarge && context?.source && /^\d+$/.test(context.source) ? BigInt(context.source) : value;
  } as (key: string, value: unknown) => unknown);
}

/** A bigint becomes a JSON number. */
export function writeJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${MARK}${each}` : each)).replace(MARKED, '$1');
}
