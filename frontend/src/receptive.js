// The receptive field: which pixels of the picture a unit sees, from what each layer sees of the one before.

/** @import { Field, Range, Region } from "./types.js" */
/** @typedef {Region & { shape: number[] }} Pixels of an array of this shape */
/** @typedef {Pixels | { units: Range }} Part of an array: pixels, or the units of a vector */

const PICTURE = [28, 28, 1];

/**
 * The region of the picture that a unit of the last layer sees.
 *
 * @param {Field[]} fields of the layers, first layer first
 * @param {number[][]} shapes one more than there are fields: the picture's comes first, which may be a vector's
 * @param {number} unit
 * @returns {Region}
 */
export function receptiveField(fields, shapes, unit) {
  let part = partOf(unit, shapes[shapes.length - 1]);
  for (let index = fields.length - 1; index >= 0; index--) {
    part = before(fields[index], index === 0 ? PICTURE : shapes[index], part);
  }
  if ("units" in part) part = part.units[0] === part.units[1] ? pixelAt(part.units[0], PICTURE) : allPixels(PICTURE);
  return { rows: part.rows, columns: part.columns };
}

/**
 * What is seen of the layer before.
 *
 * @param {Field} field
 * @param {number[]} shape of the layer before
 * @param {Part} part
 * @returns {Part}
 */
function before(field, shape, part) {
  if (field.see === "unit") return part;
  if (field.see === "place") return reshaped(part, shape);
  if (field.see === "window" && "rows" in part) {
    return {
      rows: span(part.rows, shape[0], field.size[0], field.strides[0], field.before[0]),
      columns: span(part.columns, shape[1], field.size[1], field.strides[1], field.before[1]),
      shape,
    };
  }
  return whole(shape);
}

/**
 * @param {Range} range
 * @param {number} length
 * @param {number} size
 * @param {number} stride
 * @param {number} outside
 * @returns {Range}
 */
function span([first, last], length, size, stride, outside) {
  const low = first * stride - outside;
  const high = last * stride - outside + size - 1;
  return [Math.min(Math.max(low, 0), length - 1), Math.max(Math.min(high, length - 1), 0)];
}

/**
 * A part in another shape: one unit keeps its number; a region keeps its pixels, if they are the same ones.
 *
 * @param {Part} part
 * @param {number[]} shape
 * @returns {Part}
 */
function reshaped(part, shape) {
  if ("units" in part) return part.units[0] === part.units[1] ? partOf(part.units[0], shape) : whole(shape);
  const { rows, columns, shape: own } = part;
  if (shape.length > 1 && shape[0] === own[0] && shape[1] === own[1]) return { rows, columns, shape };
  return whole(shape);
}

/**
 * Where the unit with this number is in an array of this shape.
 *
 * @param {number} unit
 * @param {number[]} shape
 * @returns {Part}
 */
function partOf(unit, shape) {
  return shape.length < 2 ? { units: [unit, unit] } : pixelAt(unit, shape);
}

/**
 * @param {number} unit
 * @param {number[]} shape
 * @returns {Pixels}
 */
function pixelAt(unit, shape) {
  const channels = shape.length === 3 ? shape[2] : 1;
  const pixel = Math.floor(unit / channels);
  const [row, column] = [Math.floor(pixel / shape[1]), pixel % shape[1]];
  return { rows: [row, row], columns: [column, column], shape };
}

/**
 * @param {number[]} shape
 * @returns {Part}
 */
function whole(shape) {
  return shape.length < 2 ? { units: [0, shape[0] - 1] } : allPixels(shape);
}

/**
 * @param {number[]} shape
 * @returns {Pixels}
 */
function allPixels(shape) {
  return { rows: [0, shape[0] - 1], columns: [0, shape[1] - 1], shape };
}
