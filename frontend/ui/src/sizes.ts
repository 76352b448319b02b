/** Sizes to choose by name, fitted to what a model can do. */

import type { Bounds, MediaKind, Model } from './types.js';

/** Sides as multiples of the kind's base. */
const FACTORS = { square: [1, 1], landscape: [1.125, 0.75], portrait: [0.75, 1.125], wide: [1.25, 0.703125] } as const;
const BASE_PIXELS: Record<MediaKind, number> = { image: 1024, video: 512 };

export type Shape = keyof typeof FACTORS;
export const SHAPES = Object.keys(FACTORS) as Shape[];

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Scaled as a whole, so that the proportions survive the model's limits, then put on its grid. */
export function presetSize(shape: Shape, { kind, limits }: Model): Size {
  const [width, height] = FACTORS[shape].map((factor) => factor * BASE_PIXELS[kind]) as [number, number];
  const scale = Math.min(1, limits.width.maximum / width, limits.height.maximum / height);
  return { width: onGrid(width * scale, limits.width), height: onGrid(height * scale, limits.height) };
}

/** The name of a size, where it has one. */
export function shapeOf({ width, height }: Size, model: Model): Shape | undefined {
  return SHAPES.find((shape) => {
    const size = presetSize(shape, model);
    return size.width === width && size.height === height;
  });
}

/** The nearest value that the bounds allow. */
export function onGrid(value: number, { minimum, maximum, step }: Bounds): number {
  const grid = step || 1;
  const snapped = Math.round(value / grid) * grid;
  return Math.min(Math.floor(maximum / grid) * grid, Math.max(Math.ceil(minimum / grid) * grid, snapped));
}

/** Bounds as an input's attributes. A browser counts steps from `min`, so that has to lie on the grid. */
export function limitsOf({ minimum, maximum, step }: Bounds): { min: number; max: number; step: number | 'any' } {
  return step ? { min: Math.ceil(minimum / step) * step, max: maximum, step } : { min: minimum, max: maximum, step: 'any' };
}
