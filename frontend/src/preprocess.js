// From strokes to the 28×28 picture that a network sees, the way MNIST was made: the drawing's longer side becomes
// 20 pixels, edges are antialiased, and the centre of mass comes to the centre of the picture.
//
// Strokes are in pixels of the pad.

/** @import { Picture, Point, Stroke } from "./types.js" */
/** @typedef {{ scale: number, left: number, top: number }} Placing of a point: [x * scale + left, y * scale + top] */

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
const LONGER_SIDE = 20; // of a drawing, of the 28 pixels
const PEN = 1.15; // radius in picture pixels; MNIST's pens are two to three pixels wide
const SMALLEST = 40; // pad pixels: a dot stays a dot

/**
 * Where strokes on a pad of `size` pixels are in the picture.
 *
 * @param {Stroke[]} strokes
 * @param {number} size
 * @returns {Placing}
 */
export function placing(strokes, size) {
  const points = strokes.flat();
  if (points.length === 0) return { scale: SIDE / size, left: 0, top: 0 };
  const xs = points.map((point) => point[0]);
  const ys = points.map((point) => point[1]);
  const longer = Math.max(most(xs) - least(xs), most(ys) - least(ys), SMALLEST * (size / 280));
  const scale = (LONGER_SIDE - 2 * PEN) / longer;
  const left = SIDE / 2 - ((least(xs) + most(xs)) / 2) * scale;
  const top = SIDE / 2 - ((least(ys) + most(ys)) / 2) * scale;
  const [x, y] = centreOfMass(rasterise(placed(strokes, { scale, left, top })));
  // The drawing stays within the picture: the margins beside it bound the shift.
  const free = (SIDE - LONGER_SIDE) / 2;
  return { scale, left: left + clamp(SIDE / 2 - x, -free, free), top: top + clamp(SIDE / 2 - y, -free, free) };
}

/**
 * The picture of strokes on a pad of `size` pixels, centred and scaled; blank without strokes.
 *
 * @param {Stroke[]} strokes
 * @param {number} size
 */
export function toPicture(strokes, size) {
  return rasterise(placed(strokes, placing(strokes, size)));
}

/**
 * @param {Stroke[]} strokes
 * @param {Placing} placing
 * @returns {Stroke[]}
 */
function placed(strokes, { scale, left, top }) {
  return strokes.map((stroke) => stroke.map(([x, y]) => [x * scale + left, y * scale + top]));
}

/**
 * The picture of strokes that were added to a given one: nothing moves, the darker pixel counts.
 *
 * @param {Picture} base
 * @param {Stroke[]} strokes
 * @param {number} size
 */
export function ontoPicture(base, strokes, size) {
  const added = rasterise(placed(strokes, { scale: SIDE / size, left: 0, top: 0 }));
  return added.map((ink, index) => Math.max(ink, base[index]));
}

/**
 * Ink by the distance to the nearest stroke: full within the pen, fading over one pixel at its edge.
 *
 * @param {Stroke[]} strokes
 */
function rasterise(strokes) {
  const nearest = new Float64Array(PIXELS).fill(Infinity);
  for (const stroke of strokes) {
    for (let index = 0; index < stroke.length; index++) {
      segment(nearest, stroke[index], stroke[Math.min(index + 1, stroke.length - 1)]);
    }
  }
  return Float32Array.from(nearest, (squared) => 255 * clamp(PEN + 0.5 - Math.sqrt(squared), 0, 1));
}

/**
 * Lowers each pixel's squared distance to what it is from the segment between two points.
 *
 * @param {Float64Array} nearest
 * @param {Point} from
 * @param {Point} to
 */
function segment(nearest, [x0, y0], [x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const reach = PEN + 1;
  const rows = [
    Math.max(0, Math.floor(Math.min(y0, y1) - reach)),
    Math.min(SIDE - 1, Math.ceil(Math.max(y0, y1) + reach)),
  ];
  const columns = [
    Math.max(0, Math.floor(Math.min(x0, x1) - reach)),
    Math.min(SIDE - 1, Math.ceil(Math.max(x0, x1) + reach)),
  ];
  for (let row = rows[0]; row <= rows[1]; row++) {
    for (let column = columns[0]; column <= columns[1]; column++) {
      const [x, y] = [column + 0.5 - x0, row + 0.5 - y0];
      const along = length === 0 ? 0 : clamp((x * dx + y * dy) / length, 0, 1);
      const [ex, ey] = [x - along * dx, y - along * dy];
      const squared = ex * ex + ey * ey;
      const index = row * SIDE + column;
      if (squared < nearest[index]) nearest[index] = squared;
    }
  }
}

/**
 * @param {Float32Array} picture
 * @returns {Point}
 */
function centreOfMass(picture) {
  let [mass, x, y] = [0, 0, 0];
  picture.forEach((ink, index) => {
    mass += ink;
    x += ink * ((index % SIDE) + 0.5);
    y += ink * (Math.floor(index / SIDE) + 0.5);
  });
  return mass === 0 ? [SIDE / 2, SIDE / 2] : [x / mass, y / mass];
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

// Not Math.min(...all): a long drawing has more points than a call may have arguments.
/** @param {number[]} all */
function least(all) {
  return all.reduce((a, b) => Math.min(a, b));
}

/** @param {number[]} all */
function most(all) {
  return all.reduce((a, b) => Math.max(a, b));
}
