/** The wall of pictures: what is in the library, and how it looks while there is nothing to show. */

import { MediaLibrary, MediaUploader, sentence } from '@project/ui';
import type { LibraryItem, MediaUploaderProps } from '@project/ui';
import type { CSSProperties } from 'react';

export interface LibraryState {
  readonly items: readonly LibraryItem[];
  readonly status: 'idle' | 'loading' | 'ready' | 'failed';
  readonly reason: string;
  readonly hasMore: boolean;
}

export interface LibraryProps {
  readonly library: LibraryState;
  readonly uploads: Pick<MediaUploaderProps, 'upload' | 'isUploading' | 'progress'>;
  readonly openPath: string | null;
  readonly onOpenChange: (path: string | null) => void;
  readonly onDelete: (path: string) => void;
  readonly onMore: () => void;
  readonly onRetry: () => void;
  readonly onReuse: (item: LibraryItem) => void;
  readonly onIdea: (idea: string) => void;
}

const IDEAS = ['A lighthouse at dusk, heavy rain', 'Morning fog over terraced rice fields', 'A greenhouse seen from above, midsummer'];

export function Library(props: LibraryProps) {
  const { library, uploads, openPath, onOpenChange, onDelete, onMore, onRetry, onReuse, onIdea } = props;
  const { items, status, hasMore } = library;
  return (
    <section id="library" className="library" aria-labelledby="library-head" tabIndex={-1}>
      <div className="head">
        <h2 id="library-head">Library</h2>
        {items.length > 0 && <span className="soft">{`${items.length}${hasMore ? '+' : ''}`}</span>}
      </div>
      <MediaUploader {...uploads} wholePage />
      {status === 'failed' && <Failed reason={library.reason} onRetry={onRetry} />}
      {status === 'loading' && !items.length && <Waiting />}
      {status === 'ready' && !items.length && <Empty onIdea={onIdea} />}
      <MediaLibrary
        items={items}
        onDelete={onDelete}
        hasMore={hasMore && status !== 'failed'}
        isLoading={status === 'loading'}
        onLoadMore={onMore}
        openPath={openPath}
        onOpenChange={onOpenChange}
        actions={(item) =>
          item.source === 'generated' &&
          item.prompt && (
            <button type="button" className="mp-button" onClick={() => onReuse(item)}>
              Use these settings
            </button>
          )
        }
      />
    </section>
  );
}

function Failed({ reason, onRetry }: { readonly reason: string; readonly onRetry: () => void }) {
  return (
    <div className="notice" role="alert">
      <p>The library could not be read. {sentence(reason)}</p>
      <button type="button" className="mp-button" onClick={onRetry}>
        Read it again
      </button>
    </div>
  );
}

const WAITING_RATIOS = [1, 1.5, 1, 0.67, 1.78, 1];

function Waiting() {
  return (
    <div>
      <p className="mp-hidden" role="status">
        Reading the library …
      </p>
      <div className="frames" aria-hidden="true">
        {WAITING_RATIOS.map((ratio, index) => (
          <i key={index} style={{ '--ratio': ratio } as CSSProperties} />
        ))}
      </div>
    </div>
  );
}

function Empty({ onIdea }: { readonly onIdea: (idea: string) => void }) {
  return (
    <div className="empty">
      <div className="contact" aria-hidden="true">
        <i />
        <i />
        <i />
      </div>
      <div>
        <p>
          <strong>Nothing here yet.</strong>
        </p>
        <p className="soft">Pictures appear here as soon as they are stored. Start with your own words, or with one of these:</p>
      </div>
      <div className="ideas">
        {IDEAS.map((idea) => (
          <button key={idea} type="button" className="mp-button" onClick={() => onIdea(idea)}>
            {idea}
          </button>
        ))}
      </div>
    </div>
  );
}
