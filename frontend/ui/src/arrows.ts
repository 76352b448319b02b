/** Where an arrow key leads in a grid whose rows are made by the layout. */

/** A rectangle of the page, in CSS pixels. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
}

export type Key = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown' | 'Home' | 'End';

const KEYS: ReadonlySet<string> = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End']);

export const isKey = (key: string): key is Key => KEYS.has(key);

/** The index that `key` leads to from `index`; the same where there is nothing further. */
export function destination(key: Key, index: number, boxes: readonly Box[], isRightToLeft: boolean): number {
  const last = boxes.length - 1;
  const onward = isRightToLeft ? -1 : 1;
  switch (key) {
    case 'ArrowLeft':
      return clamped(index - onward, last);
    case 'ArrowRight':
      return clamped(index + onward, last);
    case 'ArrowUp':
      return nearest(index, boxes, -1);
    case 'ArrowDown':
      return nearest(index, boxes, 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
  }
}

const clamped = (index: number, last: number): number => Math.min(last, Math.max(0, index));
const middle = ({ left, right }: Box): number => (left + right) / 2;

/** The box of the next row, above or below, whose middle is closest. */
function nearest(index: number, boxes: readonly Box[], direction: 1 | -1): number {
  const here = boxes[index]!;
  let [best, row] = [index, Number.NaN];
  for (let each = index + direction; each >= 0 && each < boxes.length; each += direction) {
    const box = boxes[each]!;
    if (Math.abs(box.top - here.top) < 2) continue;
    if (Number.isNaN(row)) [best, row] = [each, box.top];
    if (Math.abs(box.top - row) > 2) break;
    if (Math.abs(middle(box) - middle(here)) < Math.abs(middle(boxes[best]!) - middle(here))) best = each;
  }
  return best;
}
