/** `@project/realtime`: live jobs, uploads with true progress, and the library, as React hooks. */

export * from './core.js';
export { useClient, useGenerate, useJob, useJobs, useMediaLibrary, useMediaUpload, useSnapshot } from './hooks.js';
export type { UseGenerate, UseJob, UseJobs, UseMediaLibrary, UseMediaUpload } from './hooks.js';
