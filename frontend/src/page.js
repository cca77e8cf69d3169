// The page's back end: the plan and its weights lie in the page, TensorFlow.js computes.

import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { App } from "./app.js";
import { OPERATIONS } from "./operations.js";

const TYPES = { uint8: Uint8Array, float32: Float32Array, float16: Uint16Array };

/** The arrays of a blob: {name: {dtype, shape, offset}} → typed arrays; float16 becomes float32. */
function arraysOf(index, buffer) {
  return Object.fromEntries(Object.entries(index).map(([name, { dtype, shape, offset }]) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = new TYPES[dtype](buffer, offset, length);
    return [name, { shape, values: dtype === "float16" ? widened(values) : values }];
  }));
}

/** float16 → float32: sign, five bits of exponent, ten of fraction. */
export function widened(halves) {
  return Float32Array.from(halves, (half) => {
    const [sign, exponent, fraction] = [half & 0x8000 ? -1 : 1, (half >> 10) & 31, half & 1023];
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

function decoded(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes.buffer;
}

export class PageBackend {
  constructor(content, buffer) {
    this.arrays = arraysOf(content.arrays, buffer);
    this.content = content;
    this.meta = content.meta;
    this.stored = { count: content.stored.length, labels: content.stored, pictures: this.arrays.stored.values };
    this.layers = content.meta.layers.map((layer) => ({
      ...layer,
      tensors: Object.fromEntries(Object.entries(layer.weights).map(([name, key]) => [name, tf.tensor(this.arrays[key].values, this.arrays[key].shape)])),
    }));
  }

  async run(picture) {
    // Let the browser draw the stroke first.
    await new Promise((resolve) => setTimeout(resolve));
    const { scale, offset } = this.content.input;
    const input = Float32Array.from(picture, (value) => value * scale + offset);
    const activations = [];
    const tensors = tf.tidy(() => {
      let x = tf.tensor(input, [1, ...this.meta.shape]);
      return this.layers.map((layer) => {
        x = OPERATIONS[layer.operation](x, layer.arguments, layer.tensors, layer.shape);
        return tf.keep(x.clone());
      });
    });
    for (const tensor of tensors) activations.push(tensor.dataSync());
    tf.dispose(tensors);
    return { input, activations, probabilities: probabilitiesOf(activations[activations.length - 1], this.meta.probabilities) };
  }

  async codes(layer) {
    const { key, low, step, explained } = this.content.codes[layer];
    const get = (name) => this.arrays[`${key}/${name}`].values;
    return { count: this.stored.count, low, step, explained, bytes: get("bytes"), mean: get("mean"), axes: get("axes"), points: get("points") };
  }
}

/** What the last layer says, as probabilities: logits get their softmax. */
export function probabilitiesOf(values, already) {
  if (already) return values;
  const sum = values.reduce((total, value) => total + value, 0);
  if (values.every((value) => value >= 0) && Math.abs(sum - 1) < 0.01) return values;
  const highest = values.reduce((a, b) => Math.max(a, b));
  const powers = values.map((value) => Math.exp(value - highest));
  const total = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / total);
}

async function start() {
  await tf.setBackend("cpu");
  const content = JSON.parse(document.getElementById("content").textContent);
  const backend = new PageBackend(content, decoded(document.getElementById("arrays").textContent.trim()));
  const app = new App(backend);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => app.setTheme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", follow);
  follow();
  document.getElementById("live").replaceChildren(app.root);
}

start();
