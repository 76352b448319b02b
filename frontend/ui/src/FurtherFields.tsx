/** What is seldom needed: what to leave out, and the model's own options. */

import { useContext, useEffect, useRef } from 'react';

import { Complaints, Field } from './Field.js';
import { OptionControl } from './OptionControl.js';
import { optionFields } from './options.js';
import type { OptionValue } from './options.js';
import type { PartProps } from './SizeFields.js';

export function FurtherFields({ draft, model, onChange, labels }: PartProps) {
  const fold = useRef<HTMLDetailsElement>(null);
  const complaints = useContext(Complaints);
  useEffect(() => {
    if ([...complaints.keys()].some((name) => name === 'negativePrompt' || name.startsWith('options.'))) fold.current!.open = true;
  }, [complaints]);
  const set = (name: string, value: OptionValue | undefined): void => {
    const { [name]: _, ...others } = draft.options;
    onChange({ options: value === undefined ? others : { ...others, [name]: value } });
  };
  return (
    <details
      ref={fold}
      className="mp-further"
      // A field in a folded part can't be focused, so the browser could not say what is wrong with it.
      onInvalidCapture={() => (fold.current!.open = true)}
    >
      <summary>{labels.further}</summary>
      <div>
        <Field name="negativePrompt" label={labels.negative}>
          {(control) => (
            <textarea {...control} className="mp-input" rows={2} maxLength={4000} dir="auto" placeholder={labels.negativeExample} value={draft.negativePrompt} onChange={(event) => onChange({ negativePrompt: event.target.value })} />
          )}
        </Field>
        {optionFields(model.optionsSchema).map((field) => (
          <OptionControl key={field.name} field={field} value={draft.options[field.name]} onChange={(value) => set(field.name, value)} labels={labels} />
        ))}
      </div>
    </details>
  );
}
