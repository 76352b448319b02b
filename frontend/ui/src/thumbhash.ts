/** Decodes a ThumbHash, a picture's blurred likeness in about 25 bytes, after evanw.github.io/thumbhash. */

const LONGEST = 32;

export interface Likeness {
  readonly width: number;
  readonly height: number;
  /** Four bytes a pixel: red, green, blue, alpha. */
  readonly pixels: ImageData['data'];
}

/** One plane of the picture: its mean, and the terms of its cosine transform by their frequencies. */
interface Plane {
  readonly mean: number;
  readonly terms: readonly (readonly [x: number, y: number, value: number])[];
}

/** The likeness that a hash in base64 stands for, at most 32 pixels a side; null for text that is no such hash. */
export function decodeThumbHash(text: string): Likeness | null {
  const hash = bytesOf(text);
  return hash && hash.length >= 5 ? decode(hash) : null;
}

function bytesOf(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
}

function decode(hash: Uint8Array): Likeness {
  const at = (index: number): number => hash[index] ?? 0;
  const first = at(0) | (at(1) << 8) | (at(2) << 16);
  const second = at(3) | (at(4) << 8);
  const hasAlpha = first >> 23 !== 0;
  const isLandscape = second >> 15 !== 0;
  const longer = hasAlpha ? 5 : 7;
  const shorter = second & 7;
  const [across, down] = isLandscape ? [longer, shorter] : [shorter, longer];

  let next = hasAlpha ? 12 : 10; // counted in half bytes
  const half = (): number => {
    const value = (at(next >> 1) >> ((next & 1) * 4)) & 15;
    next += 1;
    return value / 7.5 - 1;
  };
  const plane = (mean: number, scale: number, columns: number, rows: number): Plane => ({
    mean,
    terms: frequencies(columns, rows).map(([x, y]) => [x, y, half() * scale]),
  });

  const luminance = plane((first & 63) / 63, ((first >> 18) & 31) / 31, Math.max(3, across), Math.max(3, down));
  // The four bits of a term are coarse, and colour reads too pale: the format has it scaled up again.
  const p = plane(((first >> 6) & 63) / 31.5 - 1, (((second >> 3) & 63) / 63) * 1.25, 3, 3);
  const q = plane(((first >> 12) & 63) / 31.5 - 1, (((second >> 9) & 63) / 63) * 1.25, 3, 3);
  const alpha = hasAlpha ? plane((at(5) & 15) / 15, (at(5) >> 4) / 15, 5, 5) : { mean: 1, terms: [] };
  return painted(luminance, p, q, alpha, across / Math.max(1, down));
}

/** The triangle of frequencies that is kept, row by row; the mean is not among them. */
function frequencies(columns: number, rows: number): [number, number][] {
  const kept: [number, number][] = [];
  for (let y = 0; y < rows; y += 1) {
    for (let x = y ? 0 : 1; x * rows < columns * (rows - y); x += 1) kept.push([x, y]);
  }
  return kept;
}

function painted(luminance: Plane, p: Plane, q: Plane, alpha: Plane, ratio: number): Likeness {
  const width = Math.max(1, Math.round(ratio > 1 ? LONGEST : LONGEST * ratio));
  const height = Math.max(1, Math.round(ratio > 1 ? LONGEST / ratio : LONGEST));
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let row = 0, place = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1, place += 4) {
      const [l, yellow, red, a] = [luminance, p, q, alpha].map((each) => valueAt(each, (column + 0.5) / width, (row + 0.5) / height));
      pixels.set(colour(l!, yellow!, red!, a!), place);
    }
  }
  return { width, height, pixels };
}

function valueAt({ mean, terms }: Plane, x: number, y: number): number {
  return terms.reduce((sum, [fx, fy, value]) => sum + 2 * value * Math.cos(Math.PI * fx * x) * Math.cos(Math.PI * fy * y), mean);
}

/** From luminance, yellow minus blue and red minus green. */
function colour(l: number, p: number, q: number, a: number): [number, number, number, number] {
  const blue = l - (2 / 3) * p;
  const red = (3 * l - blue + q) / 2;
  return [red * 255, (red - q) * 255, blue * 255, a * 255];
}
