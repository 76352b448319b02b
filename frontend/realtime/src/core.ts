/** `@project/realtime/core`: the client without React. */

export { createClient } from './client.js';
export type { Client, ClientOptions, LibraryView, Snapshot } from './client.js';
export type { Call, Headers } from './api.js';
export { Problem } from './problem.js';
export type { RawEvent } from './sse.js';
export type { Store } from './store.js';
export type { Link } from './stream.js';
export type { Surroundings } from './surroundings.js';
export type * from './types.js';
export type { UploadOptions } from './uploads.js';
