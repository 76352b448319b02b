/** What the service says and takes, by the names that a front end uses. The shapes come from its own description. */

import type { BrokenRule, GenerationResult, ImageBody, JobError, JobView, MediaItem, UploadResult, VideoBody } from './generated.js';

export type * from './generated.js';

export type MediaKind = MediaItem['kind'];
export type JobKind = JobView['kind'];
export type JobStatus = JobView['status'];
export type FieldError = BrokenRule;

/** The body of `POST /generate/{kind}`. A seed beyond 2^53 is a bigint: as a number it would lose digits. */
export type GenerationRequest = ImageBody & Partial<Pick<VideoBody, 'durationSeconds' | 'fps'>>;

/** One job. Of another page's job the request is null until somebody asks for it. */
export interface Job {
  readonly jobId: string;
  readonly kind: JobKind | null;
  readonly status: JobStatus;
  readonly progress: number | null;
  readonly message: string | null;
  readonly queuePosition: number | null;
  readonly request: Readonly<Record<string, unknown>> | null;
  readonly result: GenerationResult | UploadResult | null;
  readonly error: Pick<JobError, 'message' | 'retryable'> & { readonly code: string } | null;
  readonly attempts: number;
  /** A picture of what is unfinished; it expires with the job. */
  readonly previewURL?: string | null | undefined;
  /** RFC 3339; empty until an answer of the service tells it. */
  readonly createdAt: string;
}

/** Narrows a library, as `GET /media` does; `prefix` is below the user's own folder. */
export interface LibraryQuery {
  readonly prefix?: string | undefined;
  readonly kind?: MediaKind | undefined;
  readonly source?: MediaItem['source'] | undefined;
}
