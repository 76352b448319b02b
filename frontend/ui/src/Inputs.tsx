/** The items that a generation begins from. */

import type { GenerateFormLabels } from './formLabels.js';
import { Picture } from './Picture.js';
import { shortNameOf } from './text.js';
import type { LibraryItem } from './types.js';

export interface InputsProps {
  readonly items: readonly LibraryItem[];
  readonly onChange: ((paths: readonly string[]) => void) | undefined;
  readonly labels: GenerateFormLabels;
}

export function Inputs({ items, onChange, labels }: InputsProps) {
  const without = (gone: LibraryItem): string[] => items.filter((item) => item !== gone).map(({ path }) => path);
  return (
    <fieldset className="mp-fieldset">
      <legend>{labels.inputs}</legend>
      <ul className="mp-inputs">
        {items.map((item) => (
          <li key={item.path}>
            <Picture src={item.thumbnailURL ?? item.url} alt={shortNameOf(item)} placeholder={item.placeholder} lost="" />
            <button type="button" className="mp-button mp-quiet" aria-label={labels.removeInput(shortNameOf(item))} onClick={() => onChange?.(without(item))}>
              ×
            </button>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
