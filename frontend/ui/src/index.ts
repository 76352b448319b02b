/** Components for a media pipeline. They know their props and nothing else: no request leaves from here. */

export { GenerateForm } from './GenerateForm.js';
export type { FormProblem, GenerateFormProps } from './GenerateForm.js';
export type { Earlier } from './draft.js';
export type { GenerateFormLabels } from './formLabels.js';
export { JobProgress } from './JobProgress.js';
export type { JobProgressLabels, JobProgressProps } from './JobProgress.js';
export { MediaLibrary } from './MediaLibrary.js';
export type { MediaLibraryProps } from './MediaLibrary.js';
export type { MediaLibraryLabels } from './libraryLabels.js';
export { MediaUploader } from './MediaUploader.js';
export type { MediaUploaderLabels, MediaUploaderProps } from './MediaUploader.js';
export { Modal } from './Modal.js';
export type { ModalProps } from './Modal.js';
export { sentence } from './sentence.js';
export { decodeThumbHash } from './thumbhash.js';
export type { Likeness } from './thumbhash.js';
export type {
  Bounds,
  GenerationRequest,
  JobStatus,
  LibraryItem,
  MediaKind,
  Model,
  ProgressJob,
  Upload,
  UploadedMedia,
  UploadOptions,
} from './types.js';
