/** What the components are told: the least of each object that they need. The service's own objects fit as they come. */

export type MediaKind = 'image' | 'video';

/** One object of a library. Sizes in pixels and bytes, `placeholder` a ThumbHash in base64, `createdAt` RFC 3339. */
export interface LibraryItem {
  readonly path: string;
  readonly url: string;
  readonly kind: MediaKind;
  readonly source?: 'generated' | 'upload' | undefined;
  readonly size?: number | null | undefined;
  readonly width?: number | null | undefined;
  readonly height?: number | null | undefined;
  readonly durationSeconds?: number | null | undefined;
  readonly thumbnailURL?: string | null | undefined;
  readonly placeholder?: string | null | undefined;
  readonly prompt?: string | null | undefined;
  readonly model?: string | null | undefined;
  readonly seed?: number | bigint | string | null | undefined;
  readonly createdAt?: string | undefined;
}

export type JobStatus = 'queued' | 'running' | 'cancelling' | 'succeeded' | 'failed' | 'cancelled';

/** One job. `progress` is 0–100, or null when nothing real is known; `queuePosition` counts from 1. */
export interface ProgressJob {
  readonly kind?: string | null | undefined;
  readonly status: JobStatus;
  readonly progress: number | null;
  readonly message?: string | null | undefined;
  readonly queuePosition?: number | null | undefined;
  readonly attempts?: number | undefined;
  /** A picture of what is unfinished. */
  readonly previewURL?: string | null | undefined;
  readonly request?: Readonly<Record<string, unknown>> | null | undefined;
  readonly error?: { readonly message: string; readonly code?: string | undefined } | null | undefined;
}

/** An inclusive range of numbers; `step` counts from zero. */
export interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
  readonly step?: number | null | undefined;
}

/** One generation model, as `GET /models` lists it. */
export interface Model {
  readonly id: string;
  readonly kind: MediaKind;
  readonly provider: string;
  readonly default: boolean;
  readonly limits: {
    readonly n: Bounds;
    readonly width: Bounds;
    readonly height: Bounds;
    readonly durationSeconds?: Bounds | null | undefined;
    readonly fps?: Bounds | null | undefined;
  };
  readonly optionsSchema: Readonly<Record<string, unknown>>;
  readonly takesInputs: boolean;
}

/** The body of `POST /generate/{kind}`. A seed beyond 2^53 would lose digits as a number, so it may be a bigint. */
export interface GenerationRequest {
  readonly prompt: string;
  readonly model: string;
  readonly n: number;
  readonly width: number;
  readonly height: number;
  readonly durationSeconds?: number;
  readonly fps?: number;
  readonly negativePrompt?: string;
  readonly seed?: number | bigint;
  readonly inputs?: string[];
  readonly options?: Record<string, unknown>;
}

export interface UploadedMedia {
  readonly url: string;
  readonly path: string;
}

export interface UploadOptions {
  readonly signal: AbortSignal;
  /** Percent of this file alone; null while nothing real is known. */
  readonly onProgress: (progress: number | null) => void;
}

/** Sends one file and resolves once it is in the library; a plain `(file) => …` fits, too. */
export type Upload = (file: File, options: UploadOptions) => Promise<UploadedMedia>;
