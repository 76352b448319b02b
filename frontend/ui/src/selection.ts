/** Which items of a library are selected: a pure reducer over paths. */

export interface Selection {
  readonly chosen: ReadonlySet<string>;
  /** Where a range begins that is extended with the shift key. */
  readonly anchor: string | null;
}

export type SelectionAction =
  | { readonly type: 'toggled'; readonly path: string }
  | { readonly type: 'extended'; readonly path: string; readonly order: readonly string[] }
  | { readonly type: 'all'; readonly order: readonly string[] }
  | { readonly type: 'none' };

export const NOTHING: Selection = { chosen: new Set(), anchor: null };

export function reduceSelection(selection: Selection, action: SelectionAction): Selection {
  switch (action.type) {
    case 'toggled':
      return { chosen: toggled(selection.chosen, action.path), anchor: action.path };
    case 'extended': {
      const from = action.order.indexOf(selection.anchor ?? action.path);
      const to = action.order.indexOf(action.path);
      const range = action.order.slice(Math.min(from, to), Math.max(from, to) + 1);
      return { chosen: new Set([...selection.chosen, ...range]), anchor: action.path };
    }
    case 'all':
      return { chosen: new Set(action.order), anchor: selection.anchor };
    case 'none':
      return NOTHING;
  }
}

function toggled(chosen: ReadonlySet<string>, path: string): ReadonlySet<string> {
  const next = new Set(chosen);
  if (!next.delete(path)) next.add(path);
  return next;
}
