/** Kind, model and size: choices that look like what they choose. */

import type { Draft } from './draft.js';
import { Field } from './Field.js';
import type { GenerateFormLabels } from './formLabels.js';
import { SHAPES, limitsOf } from './sizes.js';
import type { Bounds, Model } from './types.js';

export interface PartProps {
  readonly draft: Draft;
  readonly model: Model;
  readonly onChange: (change: Partial<Draft>) => void;
  readonly labels: GenerateFormLabels;
}

export function SizeFields({ draft, model, onChange, labels }: PartProps) {
  return (
    <>
      <fieldset className="mp-fieldset mp-size">
        <legend>
          {labels.size} {draft.shape !== 'custom' && <bdi>{`${draft.width} × ${draft.height}`}</bdi>}
        </legend>
        <div className="mp-chips mp-shapes">
          {([...SHAPES, 'custom'] as const).map((shape) => (
            <label key={shape} className="mp-chip">
              <i data-shape={shape} />
              <input type="radio" name="shape" value={shape} checked={draft.shape === shape} onChange={() => onChange({ shape })} />
              {labels.shapes[shape]}
            </label>
          ))}
        </div>
      </fieldset>
      {draft.shape === 'custom' && (
        <div className="mp-pair">
          <NumberField name="width" label={labels.width} bounds={model.limits.width} draft={draft} onChange={onChange} />
          <NumberField name="height" label={labels.height} bounds={model.limits.height} draft={draft} onChange={onChange} />
        </div>
      )}
    </>
  );
}

export interface NumberFieldProps extends Pick<PartProps, 'draft' | 'onChange'> {
  readonly name: 'width' | 'height' | 'durationSeconds' | 'fps';
  readonly label: string;
  readonly bounds: Bounds;
}

export function NumberField({ name, label, bounds, draft, onChange }: NumberFieldProps) {
  return (
    <Field name={name} label={label}>
      {(control) => (
        <input {...control} {...limitsOf(bounds)} className="mp-input" type="number" inputMode="decimal" required value={draft[name]} onChange={(event) => onChange({ [name]: event.target.value })} />
      )}
    </Field>
  );
}
