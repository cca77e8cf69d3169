// The page: the plan and its weights are in it, and TensorFlow.js computes.

import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { App } from "./app.js";
import { OPERATIONS } from "./operations.js";

/** @import { Tensor } from "@tensorflow/tfjs-core" */
/** @import { Answers, ArrayEntry, Backend, Codes, Content } from "./types.js" */

const TYPES = { uint8: Uint8Array, float32: Float32Array, float16: Uint16Array };

/**
 * A blob's arrays; float16 becomes float32, since JavaScript's engines are only getting to know it.
 *
 * @param {Content["arrays"]} index
 * @param {ArrayBuffer} buffer
 */
function arraysOf(index, buffer) {
  return new Map(Object.entries(index).map(([name, entry]) => [name, arrayOf(entry, buffer)]));
}

/**
 * @param {ArrayEntry} entry
 * @param {ArrayBuffer} buffer
 */
function arrayOf({ dtype, shape, offset }, buffer) {
  const length = shape.reduce((product, size) => product * size, 1);
  const values = new TYPES[dtype](buffer, offset, length);
  return { shape, values: values instanceof Uint16Array ? widened(values) : values };
}

/**
 * float16 → float32: sign, five bits of exponent, ten of fraction.
 *
 * @param {Uint16Array} halves
 */
function widened(halves) {
  return Float32Array.from(halves, (half) => {
    const [sign, exponent, fraction] = [half & 0x8000 ? -1 : 1, (half >> 10) & 31, half & 1023];
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

/** @param {string} text in Base64 */
function decoded(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes.buffer;
}

/** @implements {Backend} */
class PageBackend {
  /**
   * @param {Content} content
   * @param {ArrayBuffer} buffer
   */
  constructor(content, buffer) {
    this.arrays = arraysOf(content.arrays, buffer);
    this.content = content;
    this.meta = content.meta;
    this.stored = { count: content.stored.length, labels: content.stored, pictures: this.bytes("stored") };
    this.layers = content.meta.layers.map((layer) => ({
      ...layer,
      tensors: Object.fromEntries(Object.entries(layer.weights).map(([name, key]) => [name, this.tensor(key)])),
    }));
  }

  /** @param {string} name */
  array(name) {
    const found = this.arrays.get(name);
    if (!found) throw new Error(`This page lacks the array ${name}.`);
    return found;
  }

  /** @param {string} name */
  bytes(name) {
    return /** @type {Uint8Array} */ (this.array(name).values);
  }

  /** @param {string} name */
  floats(name) {
    return /** @type {Float32Array} */ (this.array(name).values);
  }

  /** @param {string} name */
  tensor(name) {
    return tf.tensor(this.floats(name), this.array(name).shape);
  }

  /**
   * @param {Float32Array} picture
   * @returns {Promise<Answers>}
   */
  async run(picture) {
    await new Promise((resolve) => setTimeout(resolve)); // the browser draws the stroke first
    const { scale, offset } = this.content.input;
    const input = Float32Array.from(picture, (value) => value * scale + offset);
    const tensors = tf.tidy(() => {
      /** @type {Tensor} */
      let x = tf.tensor(input, [1, ...this.meta.shape]);
      return this.layers.map((layer) => {
        x = OPERATIONS[layer.operation](x, layer.arguments, layer.tensors, layer.shape);
        return tf.keep(x.clone());
      });
    });
    const activations = tensors.map((tensor) => /** @type {Float32Array} */ (tensor.dataSync()));
    tf.dispose(tensors);
    return {
      input,
      activations,
      probabilities: probabilitiesOf(activations[activations.length - 1], this.meta.probabilities),
    };
  }

  /**
   * @param {number} layer
   * @returns {Promise<Codes>}
   */
  async codes(layer) {
    const { key, low, step, explained } = this.content.codes[layer];
    return {
      count: this.stored.count,
      low,
      step,
      explained,
      bytes: this.bytes(`${key}/bytes`),
      mean: this.floats(`${key}/mean`),
      axes: this.floats(`${key}/axes`),
      points: this.floats(`${key}/points`),
    };
  }
}

/**
 * The last layer's values as probabilities: logits get their softmax.
 *
 * @param {Float32Array} values
 * @param {boolean} already
 */
function probabilitiesOf(values, already) {
  if (already) return values;
  const sum = values.reduce((total, value) => total + value, 0);
  if (values.every((value) => value >= 0) && Math.abs(sum - 1) < 0.01) return values;
  const highest = values.reduce((a, b) => Math.max(a, b));
  const powers = values.map((value) => Math.exp(value - highest));
  const total = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / total);
}

/** @param {string} id */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`This page lacks its part ${id}.`);
  return found;
}

async function start() {
  await tf.setBackend("cpu");
  const content = /** @type {Content} */ (JSON.parse(byId("content").textContent ?? ""));
  const app = new App(new PageBackend(content, decoded((byId("arrays").textContent ?? "").trim())));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => app.setTheme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", follow);
  follow();
  byId("live").replaceChildren(app.root);
}

start();
