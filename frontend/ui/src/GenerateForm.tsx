/** A form that asks for pictures and videos, built from what `GET /models` says is on offer. */

import { useEffect, useRef, useState } from 'react';
import type { FormEvent, KeyboardEvent, ReactNode } from 'react';

import { CountFields } from './CountFields.js';
import { fitted, modelOf, modelsOf, newDraft, requestOf } from './draft.js';
import type { Draft, Earlier } from './draft.js';
import { Complaints, Field } from './Field.js';
import { LABELS } from './formLabels.js';
import type { GenerateFormLabels } from './formLabels.js';
import { FurtherFields } from './FurtherFields.js';
import { Inputs } from './Inputs.js';
import { SizeFields } from './SizeFields.js';
import type { GenerationRequest, LibraryItem, MediaKind, Model } from './types.js';

/** A refused request in the service's own words (RFC 9457). */
export interface FormProblem {
  readonly message: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[] | undefined;
}

export interface GenerateFormProps {
  readonly models: readonly Model[];
  readonly onGenerate: (kind: MediaKind, request: GenerationRequest) => unknown;
  /** What to begin with; a form with another `key` begins anew. */
  readonly initial?: Earlier | undefined;
  readonly problem?: FormProblem | null | undefined;
  /** Items to begin from, for models that take them. */
  readonly inputs?: readonly LibraryItem[] | undefined;
  readonly onInputsChange?: ((paths: readonly string[]) => void) | undefined;
  readonly isDisabled?: boolean;
  readonly children?: ReactNode;
  readonly labels?: Partial<GenerateFormLabels> | undefined;
}

export function GenerateForm({ models, onGenerate, initial, problem, inputs = [], onInputsChange, isDisabled = false, children, labels }: GenerateFormProps) {
  const words = { ...LABELS, ...labels };
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState(() => newDraft(models, initial));
  const model = modelOf(models, draft);
  useEffect(() => {
    if (problem) focusRefused(form.current);
  }, [problem]);
  if (!model) return <p className="mp-form mp-soft">{words.noModels}</p>;

  const taken = model.takesInputs ? inputs : [];
  const change = (values: Partial<Draft>): void =>
    setDraft((before) => {
      const next = { ...before, ...values };
      return 'kind' in values || 'model' in values || 'shape' in values ? fitted(models, next) : next;
    });

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (!isDisabled) onGenerate(draft.kind, requestOf(draft, taken.map(({ path }) => path)));
  }

  return (
    <Complaints.Provider value={complaintsOf(problem)}>
      <form ref={form} className="mp-form" autoComplete="off" onSubmit={submit} onKeyDown={(event) => isSend(event) && form.current?.requestSubmit()}>
        <Prompt draft={draft} onChange={change} labels={words} isFocused={initial !== undefined} />
        <div className="mp-form-body">
          <Kinds models={models} draft={draft} onChange={change} labels={words} />
          {modelsOf(models, draft.kind).length > 1 && (
            <Field name="model" label={words.model}>
              {(control) => (
                <select {...control} className="mp-input" value={model.id} onChange={(event) => change({ model: event.target.value })}>
                  {modelsOf(models, draft.kind).map(({ id }) => (
                    <option key={id}>{id}</option>
                  ))}
                </select>
              )}
            </Field>
          )}
          <SizeFields draft={draft} model={model} onChange={change} labels={words} />
          <CountFields draft={draft} model={model} onChange={change} labels={words} />
          {taken.length > 0 && <Inputs items={taken} onChange={onInputsChange} labels={words} />}
          <FurtherFields draft={draft} model={model} onChange={change} labels={words} />
          {problem && (
            <p className="mp-complaint" role="alert">
              {[problem.message, ...unplaced(problem, draft)].join(' ')}
            </p>
          )}
          <button type="submit" className="mp-button mp-main" aria-disabled={isDisabled}>
            {words.submit(Number(draft.n) || 1, draft.kind)}
          </button>
          {model.provider === 'procedural' && <p className="mp-soft mp-note">{words.placeholder}</p>}
          {children}
        </div>
      </form>
    </Complaints.Provider>
  );
}

interface PromptProps {
  readonly draft: Draft;
  readonly onChange: (change: Partial<Draft>) => void;
  readonly labels: GenerateFormLabels;
  readonly isFocused: boolean;
}

const MOST_CHARACTERS = 4000;

function Prompt({ draft, onChange, labels, isFocused }: PromptProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (isFocused) area.current?.focus();
  }, [isFocused]);
  useEffect(() => {
    area.current?.setCustomValidity(draft.prompt && !draft.prompt.trim() ? labels.blank : '');
  }, [draft.prompt, labels.blank]);
  return (
    <div className="mp-prompt">
      <Field name="prompt" label={labels.prompt[draft.kind]}>
        {(control) => (
          <textarea {...control} ref={area} rows={3} required maxLength={MOST_CHARACTERS} dir="auto" placeholder={labels.example} value={draft.prompt} onChange={(event) => onChange({ prompt: event.target.value })} />
        )}
      </Field>
    </div>
  );
}

interface KindsProps extends Omit<PromptProps, 'isFocused'> {
  readonly models: readonly Model[];
}

function Kinds({ models, draft, onChange, labels }: KindsProps) {
  const kinds = (['image', 'video'] as const).filter((kind) => modelsOf(models, kind).length);
  if (kinds.length < 2) return null;
  return (
    <fieldset className="mp-fieldset">
      <legend className="mp-hidden">{labels.kind}</legend>
      <div className="mp-chips mp-kinds">
        {kinds.map((kind) => (
          <label key={kind} className="mp-chip">
            <input type="radio" name="kind" value={kind} checked={draft.kind === kind} onChange={() => onChange({ kind, model: '', options: {} })} />
            {labels.kinds[kind]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** The first field that something was said about, wherever it hides. */
function focusRefused(form: HTMLFormElement | null): void {
  const field = form?.querySelector<HTMLElement>('[aria-invalid]');
  field?.closest('details')?.setAttribute('open', '');
  field?.focus();
}

const complaintsOf = (problem: FormProblem | null | undefined): ReadonlyMap<string, string> =>
  new Map(problem?.errors?.map(({ field, message }) => [field, message]));

/** What was said about fields that this form does not have. */
const unplaced = ({ errors = [] }: FormProblem, draft: Draft): string[] =>
  errors.filter(({ field }) => !(field in draft) && !field.startsWith('options.')).map(({ field, message }) => `${field}: ${message}`);

const isSend = ({ key, ctrlKey, metaKey, nativeEvent }: KeyboardEvent): boolean =>
  key === 'Enter' && (ctrlKey || metaKey) && !nativeEvent.isComposing;
