/** One of a model's own options as a control. An untouched one has no value, and is not sent. */

import type { ReactNode } from 'react';

import { Field } from './Field.js';
import type { ControlProps } from './Field.js';
import type { GenerateFormLabels } from './formLabels.js';
import type { OptionField, OptionValue } from './options.js';

export interface OptionControlProps {
  readonly field: OptionField;
  readonly value: OptionValue | undefined;
  readonly onChange: (value: OptionValue | undefined) => void;
  readonly labels: GenerateFormLabels;
}

export function OptionControl(props: OptionControlProps) {
  const { field } = props;
  return (
    <Field name={`options.${field.name}`} label={field.title} hint={field.description}>
      {(control) => controlOf(props, control)}
    </Field>
  );
}

function controlOf({ field, value, onChange, labels }: OptionControlProps, control: ControlProps): ReactNode {
  const { required } = field;
  switch (field.type) {
    case 'flag':
      return <input {...control} type="checkbox" checked={Boolean(value ?? field.preset)} onChange={(event) => onChange(event.target.checked)} />;
    case 'text':
      return <input {...control} className="mp-input" required={required} maxLength={field.maxLength} value={String(value ?? field.preset)} onChange={(event) => onChange(event.target.value || undefined)} />;
    case 'range':
      return (
        <div className="mp-slide">
          <input {...control} type="range" min={field.minimum} max={field.maximum} step={field.step} value={Number(value ?? field.preset ?? field.minimum)} onChange={(event) => onChange(event.target.valueAsNumber)} />
          <output htmlFor={control.id}>{String(value ?? field.preset ?? labels.automatic)}</output>
        </div>
      );
    case 'choice':
      return (
        <select {...control} className="mp-input" required={required} value={String(value ?? field.preset ?? '')} onChange={(event) => onChange(field.values.find((each) => String(each) === event.target.value))}>
          {field.preset === undefined && <option value="">{labels.asTheModelChooses}</option>}
          {field.values.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      );
  }
}
