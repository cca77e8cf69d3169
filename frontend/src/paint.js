// Numbers as colours: blue is positive, orange is negative, the background is zero.

import { contextOf } from "./dom.js";

/** @import { Picture, Theme } from "./types.js" */
/** @typedef {[red: number, green: number, blue: number]} Colour */

/** @type {Record<Theme, { zero: Colour, positive: Colour[], negative: Colour[] }>} */
const RAMPS = {
  light: {
    zero: [250, 250, 247],
    positive: [
      [186, 214, 235],
      [66, 133, 190],
      [12, 44, 106],
    ],
    negative: [
      [250, 215, 170],
      [226, 122, 40],
      [130, 48, 6],
    ],
  },
  dark: {
    zero: [22, 26, 31],
    positive: [
      [30, 74, 120],
      [74, 150, 220],
      [206, 234, 255],
    ],
    negative: [
      [104, 52, 12],
      [222, 124, 46],
      [255, 224, 188],
    ],
  },
};
const STEPS = 128;
const TABLES = { light: table("light"), dark: table("dark") };

/**
 * 257 colours, from the most negative over zero (number 128) to the most positive.
 *
 * @param {Theme} theme
 */
function table(theme) {
  const { zero, positive, negative } = RAMPS[theme];
  const colours = new Uint32Array(2 * STEPS + 1);
  for (let step = 0; step <= STEPS; step++) {
    colours[STEPS + step] = packed(mix([zero, ...positive], step / STEPS));
    colours[STEPS - step] = packed(mix([zero, ...negative], step / STEPS));
  }
  return colours;
}

/**
 * @param {Colour[]} stops
 * @param {number} share
 */
function mix(stops, share) {
  const at = share * (stops.length - 1);
  const index = Math.min(Math.floor(at), stops.length - 2);
  return stops[index].map((value, channel) => Math.round(value + (stops[index + 1][channel] - value) * (at - index)));
}

/** @param {number[]} colour */
function packed([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0; // canvases are little-endian RGBA
}

/**
 * The largest magnitude, for a scale that all channels of a layer share.
 *
 * @param {ArrayLike<number>} values
 */
export function magnitude(values) {
  let largest = 0;
  for (let index = 0; index < values.length; index++) {
    const size = Math.abs(values[index]);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
  }
  return largest;
}

/**
 * Paint every `step`-th value from `offset` on into a canvas of `height` × `width` pixels.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values
 * @param {{ height: number, width: number, offset: number, step: number, scale: number, theme: Theme }} how
 */
export function paint(canvas, values, { height, width, offset, step, scale, theme }) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const colours = TABLES[theme];
  const context = contextOf(canvas);
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const factor = scale > 0 ? STEPS / scale : 0;
  for (let index = 0; index < pixels.length; index++) {
    const at = offset + index * step;
    if (at >= values.length) break; // the rest of a vector's last row stays transparent
    const level = Math.round(values[at] * factor);
    pixels[index] = colours[STEPS + Math.max(-STEPS, Math.min(STEPS, level || 0))];
  }
  context.putImageData(image, 0, 0);
}

/**
 * Paint a digit in the theme's ink.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Picture} picture
 * @param {Theme} theme
 */
export function paintDigit(canvas, picture, theme) {
  canvas.width = canvas.height = 28;
  const context = contextOf(canvas);
  const image = context.createImageData(28, 28);
  const [paper, ink] =
    theme === "dark"
      ? [
          [22, 26, 31],
          [240, 243, 246],
        ]
      : [
          [255, 255, 255],
          [24, 28, 34],
        ];
  for (let index = 0; index < picture.length; index++) {
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * index + channel] = paper[channel] + ((ink[channel] - paper[channel]) * picture[index]) / 255;
    }
    image.data[4 * index + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/**
 * A number for people: three figures, and a true minus.
 *
 * @param {number} value
 */
export function figure(value) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const text = size === 0 ? "0" : size >= 1000 || size < 0.001 ? size.toExponential(1) : size.toPrecision(3);
  return value < 0 ? `−${text}` : text;
}
