/** Made from the OpenAPI document by `npm run types`; not to be edited. */

/** `POST /generate/image`. Sizes in pixels. */
export interface ImageBody {
  readonly prompt: string;
  readonly negativePrompt?: string | null;
  readonly model?: string | null;
  readonly seed?: number | bigint | null;
  readonly inputs?: ReadonlyArray<string>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly deadlineSeconds?: number | null;
  readonly n?: number;
  readonly width?: number;
  readonly height?: number;
}

/** `POST /generate/video`. Sizes in pixels, `fps` in frames per second. */
export interface VideoBody {
  readonly prompt: string;
  readonly negativePrompt?: string | null;
  readonly model?: string | null;
  readonly seed?: number | bigint | null;
  readonly inputs?: ReadonlyArray<string>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly deadlineSeconds?: number | null;
  readonly n?: number;
  readonly width?: number;
  readonly height?: number;
  readonly durationSeconds?: number;
  readonly fps?: number;
}

/** The 202 of every POST that makes a job. */
export interface JobAccepted {
  readonly jobId: string;
  readonly status: 'queued' | 'running' | 'cancelling' | 'succeeded' | 'failed' | 'cancelled';
  readonly urls: JobUrls;
}

/** One job. `progress` is 0-100, or null when nothing real is known; `queue_position` counts from 1.  `cost` is in US dollars, null where nobody said what it is; `tried` are the models that failed at it, in order. */
export interface JobView {
  readonly jobId: string;
  readonly kind: 'image' | 'video' | 'upload' | 'erasure';
  readonly status: 'queued' | 'running' | 'cancelling' | 'succeeded' | 'failed' | 'cancelled';
  readonly progress: number | null;
  readonly message: string | null;
  readonly queuePosition: number | null;
  readonly request: Readonly<Record<string, unknown>>;
  readonly result: GenerationResult | UploadResult | null;
  readonly error: JobError | null;
  readonly attempts: number;
  readonly tried: ReadonlyArray<ModelTry>;
  readonly cost: number | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** One page of jobs, newest first. */
export interface JobPage {
  readonly items: ReadonlyArray<JobView>;
  readonly nextCursor: string | null;
}

/** One page of media, newest first. */
export interface MediaPage {
  readonly items: ReadonlyArray<MediaItem>;
  readonly nextCursor: string | null;
}

/** What may be asked for. */
export interface Models {
  readonly items: ReadonlyArray<ModelInfo>;
}

/** An upload that may begin: send exactly `headers` with each PUT to `upload_url`, at most `max_bytes` bytes. */
export interface UploadOpened {
  readonly jobId: string;
  readonly uploadURL: string;
  readonly objectPath: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: string;
  readonly maxBytes: number;
  readonly resumable: boolean;
}

/** The upload is being verified; `url` is live once `upload_complete` has come. */
export interface UploadAccepted {
  readonly jobId: string;
  readonly url: string;
  readonly path: string;
}

/** One value that breaks a rule: where it is, empty for the whole, and which rule. */
export interface BrokenRule {
  readonly field: string;
  readonly message: string;
}

/** `queue_position` counts from 1: how many jobs of this kind are claimed until it is this one's turn. */
export interface GenerationQueued {
  readonly jobId: string;
  readonly kind: 'image' | 'video' | 'upload' | 'erasure';
  readonly queuePosition: number;
}

/** A worker began, or an upload was opened. */
export interface Started {
  readonly jobId: string;
}

/** `progress` is 100 x units done / units of the job's work, or null when only the phase is known.  `previewURL` is there where there is something to see: a picture of what is unfinished, or the newest output of several. It expires with the job. */
export interface GenerationProgress {
  readonly jobId: string;
  readonly progress: number | null;
  readonly message: string | null;
  readonly attempt: number;
  readonly previewURL?: string | null;
}

/** Every result is stored; an erasure has none, and an empty list of media. */
export interface GenerationComplete {
  readonly jobId: string;
  readonly result: GenerationResult;
}

/** `error` is a sentence for a person, `code` is from the catalogue of problems. */
export interface Failed {
  readonly jobId: string;
  readonly error: string;
  readonly code: 'malformed_json' | 'bad_request' | 'unauthenticated' | 'forbidden' | 'not_found' | 'method_not_allowed' | 'request_timeout' | 'job_not_finished' | 'upload_incomplete' | 'idempotency_in_progress' | 'object_exists' | 'payload_too_large' | 'unsupported_media_type' | 'range_not_satisfiable' | 'expectation_failed' | 'content_mismatch' | 'invalid_request' | 'idempotency_key_reused' | 'queue_full' | 'rate_limited' | 'internal_error' | 'dependency_unavailable' | 'draining' | 'storage_full' | 'cancelled' | 'worker_lost' | 'deadline_exceeded' | 'upload_expired' | 'invalid_input' | 'content_policy' | 'quota_exceeded' | 'provider_unavailable' | 'timeout' | 'no_output' | 'model_retired' | 'provider_error';
  readonly retryable: boolean;
}

/** Bytes stored plus bytes verified, over twice the size, in percent; null while the size is unknown. */
export interface UploadProgress {
  readonly jobId: string;
  readonly progress: number | null;
}

/** The object is verified and in the library; `result` is null once a store in memory has died with it. */
export interface UploadComplete {
  readonly jobId: string;
  readonly result: UploadResult | null;
}

/** An object left the library. */
export interface MediaDeleted {
  readonly path: string;
}

/** Unfinished jobs and those finished in the last 15 minutes, newest first, at most 200. */
export interface Snapshot {
  readonly jobs: ReadonlyArray<JobView>;
  readonly truncated: boolean;
}

/** Why the stream can't be resumed; a snapshot follows. */
export interface Reset {
  readonly reason: string;
}

/** Absolute paths of one job's resources. */
export interface JobUrls {
  readonly self: string;
  readonly events: string;
  readonly cancel: string;
}

/** What a generation made that still lives, in the order of the outputs, and which of them did not come. */
export interface GenerationResult {
  readonly media: ReadonlyArray<MediaItem>;
  readonly failures: ReadonlyArray<OutputFailure>;
}

/** A verified upload. */
export interface UploadResult {
  readonly url: string;
  readonly path: string;
}

/** Why a job did not succeed; `code` is from the catalogue, `message` is for a person. */
export interface JobError {
  readonly code: 'malformed_json' | 'bad_request' | 'unauthenticated' | 'forbidden' | 'not_found' | 'method_not_allowed' | 'request_timeout' | 'job_not_finished' | 'upload_incomplete' | 'idempotency_in_progress' | 'object_exists' | 'payload_too_large' | 'unsupported_media_type' | 'range_not_satisfiable' | 'expectation_failed' | 'content_mismatch' | 'invalid_request' | 'idempotency_key_reused' | 'queue_full' | 'rate_limited' | 'internal_error' | 'dependency_unavailable' | 'draining' | 'storage_full' | 'cancelled' | 'worker_lost' | 'deadline_exceeded' | 'upload_expired' | 'invalid_input' | 'content_policy' | 'quota_exceeded' | 'provider_unavailable' | 'timeout' | 'no_output' | 'model_retired' | 'provider_error';
  readonly message: string;
  readonly retryable: boolean;
}

/** A model that was tried and failed; `code` is from the catalogue. */
export interface ModelTry {
  readonly model: string;
  readonly code: string;
}

/** One object of the library. Sizes in bytes and pixels; both URLs are permanent and opaque. */
export interface MediaItem {
  readonly path: string;
  readonly url: string;
  readonly kind: 'image' | 'video';
  readonly source: 'generated' | 'upload';
  readonly contentType: string;
  readonly size: number;
  readonly width: number | null;
  readonly height: number | null;
  readonly durationSeconds: number | null;
  readonly thumbnailURL: string | null;
  readonly placeholder: string | null;
  readonly sha256: string;
  readonly jobId: string | null;
  readonly prompt: string | null;
  readonly model: string | null;
  readonly seed: number | bigint | null;
  readonly createdAt: string;
}

/** One generation model. `options_schema` is a JSON schema (2020-12) of an object. */
export interface ModelInfo {
  readonly id: string;
  readonly kind: 'image' | 'video';
  readonly provider: string;
  readonly default: boolean;
  readonly limits: ModelLimits;
  readonly optionsSchema: Readonly<Record<string, unknown>>;
  readonly takesInputs: boolean;
}

/** One output, counted from 0, that did not come while others did; `code` is from the catalogue. */
export interface OutputFailure {
  readonly index: number;
  readonly code: string;
  readonly message: string;
}

/** The bounds that one model puts on a request. Sizes in pixels; absent where the kind has no such field. */
export interface ModelLimits {
  readonly n: Bounds;
  readonly width: Bounds;
  readonly height: Bounds;
  readonly durationSeconds?: Bounds | null;
  readonly fps?: Bounds | null;
}

/** An inclusive range of numbers; `step` counts from zero. */
export interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
  readonly step?: number | null;
}

/** Every event by its name, with its payload. */
export interface EventPayloads {
  readonly generation_queued: GenerationQueued;
  readonly generation_started: Started;
  readonly generation_progress: GenerationProgress;
  readonly generation_complete: GenerationComplete;
  readonly generation_failed: Failed;
  readonly upload_started: Started;
  readonly upload_progress: UploadProgress;
  readonly upload_complete: UploadComplete;
  readonly upload_failed: Failed;
  readonly media_deleted: MediaDeleted;
  readonly snapshot: Snapshot;
  readonly reset: Reset;
}
