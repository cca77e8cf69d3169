// The operations of a plan, in TensorFlow.js; shapes have a batch of one in front.

import * as tf from "@tensorflow/tfjs-core";

/** @import { Tensor, Tensor4D } from "@tensorflow/tfjs-core" */
/** @import { Arguments, Weights } from "./types.js" */
/** @typedef {(x: Tensor, given: Arguments, weights: Weights, shape: number[]) => Tensor} Operation */

/** @satisfies {Record<string, (x: Tensor, slope: number) => Tensor>} */
export const ACTIVATIONS = {
  linear: (x) => x,
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.clipByValue(x, 0, 6),
  leaky_relu: (x, slope) => tf.where(tf.greater(x, 0), x, tf.mul(x, slope)),
  elu: (x, slope) => tf.where(tf.greater(x, 0), x, tf.mul(tf.expm1(tf.minimum(x, 0)), slope)),
  selu: (x) => tf.selu(x),
  sigmoid: (x) => tf.sigmoid(x),
  hard_sigmoid: (x) => tf.clipByValue(tf.add(tf.div(x, 6), 0.5), 0, 1),
  tanh: (x) => tf.tanh(x),
  softmax: (x) => tf.softmax(x),
  softplus: (x) => tf.softplus(x),
  softsign: (x) => tf.div(x, tf.add(tf.abs(x), 1)),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1)),
  exponential: (x) => tf.exp(x),
};

/**
 * @param {Tensor} x
 * @param {Arguments} given
 * @returns {Tensor}
 */
function activated(x, { activation, slope }) {
  return ACTIVATIONS[activation](x, slope);
}

/**
 * @param {Tensor} x
 * @param {Weights} weights
 */
function biased(x, weights) {
  return weights.bias ? tf.add(x, weights.bias) : x;
}

/**
 * Feature maps; Python writes these operations only for layers that get and give them.
 *
 * @param {Tensor} x
 */
function maps(x) {
  return /** @type {Tensor4D} */ (x);
}

/** @satisfies {Record<string, Operation>} */
export const OPERATIONS = {
  conv2d: (x, given, weights) => {
    const { strides, padding, dilation } = given;
    const sums = tf.conv2d(maps(x), maps(weights.kernel), strides, padding, "NHWC", dilation);
    return activated(biased(sums, weights), given);
  },
  depthwise: (x, given, weights) => {
    const { strides, padding, dilation } = given;
    const sums = tf.depthwiseConv2d(maps(x), maps(weights.kernel), strides, padding, "NHWC", dilation);
    return activated(biased(sums, weights), given);
  },
  dense: (x, given, weights) => {
    const [units, out] = weights.kernel.shape;
    const product = tf.matMul(tf.reshape(x, [-1, units]), weights.kernel);
    return activated(biased(tf.reshape(product, [...x.shape.slice(0, -1), out]), weights), given);
  },
  affine: (x, _given, weights) => tf.add(tf.mul(x, weights.scale), weights.offset),
  max_pool: (x, { size, strides, padding }) => tf.maxPool(maps(x), size, strides, padding),
  average_pool: (x, { size, strides, padding }) => tf.avgPool(maps(x), size, strides, padding),
  global_max: (x) => tf.max(x, [1, 2]),
  global_average: (x) => tf.mean(x, [1, 2]),
  activate: (x, given) => activated(x, given),
  clip: (x, { low, high }) => tf.clipByValue(x, low, high),
  reshape: (x, _given, _weights, shape) => tf.reshape(x, [1, ...shape]),
  pad: (x, { margins }) => tf.pad(x, [[0, 0], ...margins, [0, 0]]),
  rescale: (x, { scale, offset }) => tf.add(tf.mul(x, scale), offset),
  identity: (x) => x,
};
