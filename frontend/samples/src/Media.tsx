/** The components as the guide shows them: the lines between the marks are the guide's own. */

// guide: begin
import { MediaUploader, MediaLibrary } from '@project/ui';
// guide: end
import { useMediaLibrary, useMediaUpload } from '@project/realtime';

export function Media({ token }: { readonly token: string }) {
  const service = { apiPrefix: '', serviceName: 'example-api', headers: { Authorization: `Bearer ${token}` } };
  const mediaUpload = useMediaUpload(service);
  const { items, refetch: refetchMedia, remove: deleteMedia } = useMediaLibrary(service);
  return (
    <>
      {/* guide: begin */}
      {/* Upload drop zone */}
      <MediaUploader
        upload={mediaUpload.upload}
        isUploading={mediaUpload.isUploading}
        progress={mediaUpload.progress}
        onUploadComplete={() => refetchMedia()}
      />

      {/* Media grid with preview */}
      <MediaLibrary
        items={items}
        onDelete={(path) => deleteMedia(path)}
      />
      {/* guide: end */}
    </>
  );
}
