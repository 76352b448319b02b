/** The words of the form. */

import type { Shape } from './sizes.js';
import { counted } from './text.js';
import type { MediaKind } from './types.js';

export interface GenerateFormLabels {
  readonly prompt: Readonly<Record<MediaKind, string>>;
  readonly example: string;
  readonly blank: string;
  readonly kind: string;
  readonly kinds: Readonly<Record<MediaKind, string>>;
  readonly model: string;
  readonly size: string;
  readonly shapes: Readonly<Record<Shape | 'custom', string>>;
  readonly width: string;
  readonly height: string;
  readonly count: Readonly<Record<MediaKind, string>>;
  readonly fewer: string;
  readonly more: string;
  readonly seed: string;
  readonly anySeed: string;
  readonly seedHint: string;
  readonly length: string;
  readonly fps: string;
  readonly further: string;
  readonly negative: string;
  readonly negativeExample: string;
  readonly asTheModelChooses: string;
  readonly automatic: string;
  readonly inputs: string;
  readonly removeInput: (name: string) => string;
  readonly submit: (count: number, kind: MediaKind) => string;
  readonly noModels: string;
  readonly placeholder: string;
}

export const LABELS: GenerateFormLabels = {
  prompt: { image: 'What should the picture show?', video: 'What should the video show?' },
  example: 'A lighthouse at dusk, heavy rain, long exposure',
  blank: 'Say what to show.',
  kind: 'Kind',
  kinds: { image: 'Picture', video: 'Video' },
  model: 'Model',
  size: 'Size',
  shapes: { square: 'Square', landscape: 'Landscape', portrait: 'Portrait', wide: 'Wide', custom: 'Custom' },
  width: 'Width, px',
  height: 'Height, px',
  count: { image: 'How many pictures', video: 'How many videos' },
  fewer: 'One fewer',
  more: 'One more',
  seed: 'Seed',
  anySeed: 'any',
  seedHint: 'A whole number; leave it empty to have one chosen',
  length: 'Length, seconds',
  fps: 'Frames per second',
  further: 'More',
  negative: 'Leave out',
  negativeExample: 'What must not appear',
  asTheModelChooses: 'As the model chooses',
  automatic: 'auto',
  inputs: 'Begin with',
  removeInput: (name) => `Do not use ${name}`,
  submit: (count, kind) => `Generate ${counted(count, kind)}`,
  noModels: 'This service has no model to generate with.',
  placeholder: 'Pictures come from a procedural placeholder renderer, not a generative model.',
};
