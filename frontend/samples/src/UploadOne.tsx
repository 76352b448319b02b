/** The hook as the guide shows it: the lines between the marks are the guide's own. */

// guide: begin
import { useMediaUpload } from '@project/realtime';
// guide: end

export interface UploadOneProps {
  readonly token: string;
  readonly file: File;
  readonly onResult: (result: { readonly url: string; readonly path: string }) => void;
}

export function UploadOne({ token, file, onResult }: UploadOneProps) {
  // guide: begin
  const { upload, isUploading, progress, error, reset } = useMediaUpload({
    apiPrefix: '',
    serviceName: 'example-api',
    headers: { Authorization: `Bearer ${token}` },
  });
  // guide: end

  async function send(): Promise<void> {
    // guide: begin
    // Upload a file
    const result = await upload(file); // { url, path }
    // guide: end
    onResult(result);
  }

  return (
    <button type="button" onClick={() => void send().catch(() => undefined)}>
      {isUploading ? `Uploading, ${Math.floor(progress)} %` : (error?.message ?? 'Upload')}
    </button>
  );
}
