/** A labelled control with the sentence that was said about it. */

import { createContext, useContext, useId } from 'react';
import type { ReactNode } from 'react';

/** What the service said about single fields of a refused request, by their names. */
export const Complaints = createContext<ReadonlyMap<string, string>>(new Map());

export interface ControlProps {
  readonly id: string;
  readonly 'aria-invalid': boolean | undefined;
  readonly 'aria-describedby': string | undefined;
}

export interface FieldProps {
  /** Its name in the request. */
  readonly name: string;
  readonly label: ReactNode;
  readonly hint?: string;
  readonly children: (control: ControlProps) => ReactNode;
}

export function Field({ name, label, hint, children }: FieldProps) {
  const id = useId();
  const complaint = useContext(Complaints).get(name);
  const [hintId, complaintId] = [`${id}-hint`, `${id}-complaint`];
  const described = [hint && hintId, complaint && complaintId].filter(Boolean).join(' ');
  return (
    <div className="mp-field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-invalid': complaint ? true : undefined, 'aria-describedby': described || undefined })}
      {hint && (
        <p id={hintId} className="mp-soft">
          {hint}
        </p>
      )}
      {complaint && (
        <p id={complaintId} className="mp-complaint">
          {complaint}
        </p>
      )}
    </div>
  );
}
