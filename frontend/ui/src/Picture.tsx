/** A picture that is there at once as a blurred likeness, and sharpens when its file has come. */

import { useEffect, useRef, useState } from 'react';

import { decodeThumbHash } from './thumbhash.js';

export interface PictureProps {
  readonly src: string;
  readonly alt: string;
  readonly placeholder?: string | null | undefined;
  readonly lazy?: boolean;
  readonly width?: number | null | undefined;
  readonly height?: number | null | undefined;
  readonly lost: string;
}

type Loading = 'loading' | 'sharp' | 'lost';

export function Picture({ src, alt, placeholder, lazy = false, width, height, lost }: PictureProps) {
  const image = useRef<HTMLImageElement>(null);
  const [state, setState] = useState<Loading>('loading');
  useEffect(() => {
    const { complete, naturalWidth } = image.current!;
    setState(complete && naturalWidth ? 'sharp' : 'loading'); // what is cached may be there before anybody listens
  }, [src]);
  return (
    <span className="mp-picture" data-state={state}>
      {placeholder && state !== 'lost' && <Likeness hash={placeholder} />}
      <img
        ref={image}
        src={src}
        alt={alt}
        width={width ?? undefined}
        height={height ?? undefined}
        loading={lazy ? 'lazy' : 'eager'}
        decoding="async"
        draggable={false}
        onLoad={() => setState('sharp')}
        onError={() => setState('lost')}
      />
      {state === 'lost' && <span className="mp-lost">{lost}</span>}
    </span>
  );
}

/** Drawn on a canvas: a data URL would need a hole in the page's content security policy. */
function Likeness({ hash }: { readonly hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const likeness = decodeThumbHash(hash);
    const context = canvas.current?.getContext('2d');
    if (!likeness || !context) return;
    context.canvas.width = likeness.width;
    context.canvas.height = likeness.height;
    context.putImageData(new ImageData(likeness.pixels, likeness.width), 0, 0);
  }, [hash]);
  return <canvas ref={canvas} width={1} height={1} className="mp-likeness" aria-hidden="true" />;
}
