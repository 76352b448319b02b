/** What stands in the form, as text as it was typed, and the request that it makes. */

import type { OptionValue } from './options.js';
import { onGrid, presetSize, shapeOf } from './sizes.js';
import type { Shape } from './sizes.js';
import type { GenerationRequest, MediaKind, Model } from './types.js';

export interface Draft {
  readonly kind: MediaKind;
  readonly model: string;
  readonly prompt: string;
  readonly shape: Shape | 'custom';
  readonly width: string;
  readonly height: string;
  readonly n: string;
  readonly durationSeconds: string;
  readonly fps: string;
  readonly seed: string;
  readonly negativePrompt: string;
  /** Only what was touched: of the rest the model's defaults hold. */
  readonly options: Readonly<Record<string, OptionValue>>;
}

/** An earlier request to begin with; its numbers may come as the service gave them. */
export type Earlier = Readonly<Record<string, unknown>> & { readonly kind: MediaKind };

export const modelsOf = (models: readonly Model[], kind: MediaKind): readonly Model[] => models.filter((model) => model.kind === kind);

export function modelOf(models: readonly Model[], { kind, model }: Pick<Draft, 'kind' | 'model'>): Model | undefined {
  const offered = modelsOf(models, kind);
  return offered.find(({ id }) => id === model) ?? offered.find((each) => each.default) ?? offered[0];
}

export function newDraft(models: readonly Model[], earlier?: Earlier): Draft {
  const kind = earlier?.kind ?? (modelsOf(models, 'image').length ? 'image' : 'video');
  const text = (name: string, otherwise = ''): string => {
    const value = earlier?.[name];
    return value === undefined || value === null ? otherwise : String(value);
  };
  const draft: Draft = {
    kind,
    model: text('model'),
    prompt: text('prompt'),
    shape: 'square',
    width: text('width'),
    height: text('height'),
    n: text('n', '1'),
    durationSeconds: text('durationSeconds', '4'),
    fps: text('fps', '24'),
    seed: text('seed'),
    negativePrompt: text('negativePrompt'),
    options: (earlier?.['options'] ?? {}) as Draft['options'],
  };
  const model = modelOf(models, draft);
  const shape = earlier && model && (shapeOf({ width: Number(draft.width), height: Number(draft.height) }, model) ?? 'custom');
  return fitted(models, { ...draft, shape: shape ?? 'square' });
}

/** The same within the limits of its model. */
export function fitted(models: readonly Model[], draft: Draft): Draft {
  const model = modelOf(models, draft);
  if (!model) return draft;
  const { n, durationSeconds, fps } = model.limits;
  const fit = (value: string, bounds: typeof fps): string => (bounds && value !== '' ? String(Math.min(bounds.maximum, Math.max(bounds.minimum, Number(value)))) : value);
  return {
    ...draft,
    ...sized(draft, model),
    model: model.id,
    n: fit(draft.n, n),
    durationSeconds: fit(draft.durationSeconds, durationSeconds),
    fps: fit(draft.fps, fps),
  };
}

function sized({ shape, width, height }: Draft, model: Model): { width: string; height: string } {
  const size =
    shape === 'custom'
      ? { width: onGrid(Number(width), model.limits.width), height: onGrid(Number(height), model.limits.height) }
      : presetSize(shape, model);
  return { width: String(size.width), height: String(size.height) };
}

export function requestOf(draft: Draft, inputs: readonly string[]): GenerationRequest {
  const { prompt, model, negativePrompt, seed, options } = draft;
  return {
    prompt: prompt.trim(),
    model,
    n: Number(draft.n),
    width: Number(draft.width),
    height: Number(draft.height),
    ...(draft.kind === 'video' && { durationSeconds: Number(draft.durationSeconds), fps: Number(draft.fps) }),
    ...(negativePrompt.trim() && { negativePrompt: negativePrompt.trim() }),
    ...(seed.trim() && { seed: wholeNumber(seed.trim()) }),
    ...(inputs.length && { inputs: [...inputs] }),
    ...(Object.keys(options).length && { options: { ...options } }),
  };
}

/** A seed may exceed 2^53, where a number would silently become another seed. */
function wholeNumber(digits: string): number | bigint {
  const value = BigInt(digits);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
