// The operations of a plan, in TensorFlow.js; shapes have a batch of one in front.

import * as tf from "@tensorflow/tfjs-core";

const ACTIVATIONS = {
  linear: (x) => x,
  relu: tf.relu,
  relu6: (x) => tf.clipByValue(x, 0, 6),
  leaky_relu: (x, slope) => tf.where(tf.greater(x, 0), x, tf.mul(x, slope)),
  elu: (x, slope) => tf.where(tf.greater(x, 0), x, tf.mul(tf.expm1(tf.minimum(x, 0)), slope)),
  selu: tf.selu,
  sigmoid: tf.sigmoid,
  hard_sigmoid: (x) => tf.clipByValue(tf.add(tf.div(x, 6), 0.5), 0, 1),
  tanh: tf.tanh,
  softmax: (x) => tf.softmax(x),
  softplus: tf.softplus,
  softsign: (x) => tf.div(x, tf.add(tf.abs(x), 1)),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1)),
  exponential: tf.exp,
};

function activated(x, { activation, slope }) {
  return ACTIVATIONS[activation](x, slope);
}

function biased(x, weights) {
  return weights.bias ? tf.add(x, weights.bias) : x;
}

export const OPERATIONS = {
  conv2d: (x, given, weights) => activated(biased(tf.conv2d(x, weights.kernel, given.strides, given.padding, "NHWC", given.dilation), weights), given),
  depthwise: (x, given, weights) => activated(biased(tf.depthwiseConv2d(x, weights.kernel, given.strides, given.padding, "NHWC", given.dilation), weights), given),
  dense: (x, given, weights) => {
    const [units, out] = weights.kernel.shape;
    const product = tf.matMul(tf.reshape(x, [-1, units]), weights.kernel);
    return activated(biased(tf.reshape(product, [...x.shape.slice(0, -1), out]), weights), given);
  },
  affine: (x, _, weights) => tf.add(tf.mul(x, weights.scale), weights.offset),
  max_pool: (x, given) => tf.maxPool(x, given.size, given.strides, given.padding),
  average_pool: (x, given) => tf.avgPool(x, given.size, given.strides, given.padding),
  global_max: (x) => tf.max(x, [1, 2]),
  global_average: (x) => tf.mean(x, [1, 2]),
  activate: (x, given) => activated(x, given),
  clip: (x, { low, high }) => tf.clipByValue(x, low, high),
  reshape: (x, _given, _weights, shape) => tf.reshape(x, [1, ...shape]),
  pad: (x, { margins }) => tf.pad(x, [[0, 0], ...margins, [0, 0]]),
  rescale: (x, { scale, offset }) => tf.add(tf.mul(x, scale), offset),
  identity: (x) => x,
};
