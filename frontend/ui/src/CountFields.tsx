/** How many, from which seed, and for a video how long. */

import { Field } from './Field.js';
import { NumberField } from './SizeFields.js';
import type { PartProps } from './SizeFields.js';
import { limitsOf } from './sizes.js';

export function CountFields({ draft, model, onChange, labels }: PartProps) {
  const { durationSeconds, fps } = model.limits;
  return (
    <>
      <div className="mp-pair">
        <Stepper draft={draft} model={model} onChange={onChange} labels={labels} />
        <Field name="seed" label={labels.seed}>
          {(control) => (
            <input {...control} className="mp-input" inputMode="numeric" pattern="[0-9]{0,19}" autoComplete="off" placeholder={labels.anySeed} title={labels.seedHint} value={draft.seed} onChange={(event) => onChange({ seed: event.target.value })} />
          )}
        </Field>
      </div>
      {(durationSeconds || fps) && (
        <div className="mp-pair">
          {durationSeconds && <NumberField name="durationSeconds" label={labels.length} bounds={durationSeconds} draft={draft} onChange={onChange} />}
          {fps && <NumberField name="fps" label={labels.fps} bounds={fps} draft={draft} onChange={onChange} />}
        </div>
      )}
    </>
  );
}

function Stepper({ draft, model, onChange, labels }: PartProps) {
  const { min, max } = limitsOf(model.limits.n);
  const count = Number(draft.n) || 0;
  const nudge = (by: number): void => onChange({ n: String(Math.min(max, Math.max(min, count + by))) });
  return (
    <Field name="n" label={labels.count[draft.kind]}>
      {(control) => (
        <div className="mp-stepper">
          <button type="button" aria-label={labels.fewer} disabled={count <= min} onClick={() => nudge(-1)}>
            −
          </button>
          <input {...control} type="number" inputMode="numeric" min={min} max={max} step={1} required value={draft.n} onChange={(event) => onChange({ n: event.target.value })} />
          <button type="button" aria-label={labels.more} disabled={count >= max} onClick={() => nudge(1)}>
            +
          </button>
        </div>
      )}
    </Field>
  );
}
