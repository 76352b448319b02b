/** What went wrong, in the service's own words (RFC 9457). */

import type { FieldError } from './types.js';

/** `status` is 0 when nothing was heard of the service, and for the failure of a job. `retryAfterMs` is what it asked for. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: readonly FieldError[];
  readonly retryAfterMs: number | null;

  constructor(message: string, { status = 0, code = '', errors = [], retryAfterMs = null }: Partial<Omit<Problem, keyof Error>> = {}) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.retryAfterMs = retryAfterMs;
  }
}

interface Body {
  readonly detail?: string;
  readonly title?: string;
  readonly code?: string;
  readonly errors?: readonly FieldError[];
}

export async function problemOf(response: Response, now: number): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as Body;
  return new Problem(body.detail ?? body.title ?? `The service answered ${response.status}.`, {
    status: response.status,
    ...(body.code !== undefined && { code: body.code }),
    ...(body.errors && { errors: body.errors }),
    retryAfterMs: retryAfterMs(response.headers.get('Retry-After'), now),
  });
}

/** `Retry-After` (RFC 9110, section 10.2.3): seconds or a date. */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (!header) return null;
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : null;
}

/** Whether the same request may do better later. */
export const isPassing = ({ status, code }: Problem): boolean =>
  (status === 0 && code === '') || status === 429 || (status >= 502 && status <= 504) || code === 'idempotency_in_progress' || code === 'upload_incomplete';
