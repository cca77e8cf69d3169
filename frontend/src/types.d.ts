// The shapes of what the modules hand to each other, and of what Python writes for them.

import type { Tensor } from "@tensorflow/tfjs-core";
import type { ACTIVATIONS, OPERATIONS } from "./operations.js";

export type Theme = "light" | "dark";

/** Grey values, row by row: 784 numbers from 0 (paper) to 255 (ink). */
export type Picture = ArrayLike<number>;
export type Point = [x: number, y: number];
export type Stroke = Point[];

/** First and last, both included. */
export type Range = [first: number, last: number];
export interface Region {
  rows: Range;
  columns: Range;
}

/** What a unit of a layer sees of the layer before; see `autograder/networks/catalogue/receptive_fields.py`. */
export type Field =
  | { see: "unit" | "place" | "all" }
  | { see: "window"; size: [number, number]; strides: [number, number]; before: [number, number] };

export interface LayerEntry {
  name: string;
  kind: string;
  shape: number[];
  parameters: number;
  field: Field;
  pinnable: boolean;
}
export interface Meta {
  title: string;
  note: string;
  seen: string;
  shape: number[];
  labels: string[];
  layers: LayerEntry[];
}

/** Digits to start from and to compare with; `pictures` holds 784 bytes of each. */
export interface Stored {
  count: number;
  labels: number[];
  pictures: Uint8Array;
}

/** A layer's codes of the stored digits: `bytes` of shape (count, length), value = low + step × byte. */
export interface Codes {
  count: number;
  low: number;
  step: number;
  /** Share of the codes' variance along the two axes of the map. */
  explained: number;
  bytes: Uint8Array;
  mean: Float32Array;
  /** Shape (2, length). */
  axes: Float32Array;
  /** Shape (count, 2). */
  points: Float32Array;
}

/** What a network answers to a picture. In a notebook also how it reads stored digits now. */
export interface Answers {
  input: Float32Array;
  probabilities: Float32Array;
  /** One array per layer. */
  activations: Float32Array[];
  seen?: string;
  note?: string;
  /** How often the network was looked at anew, because it had been trained. */
  looks?: number;
}
export interface Result extends Answers {
  picture: Float32Array;
  empty: boolean;
}

/** What computes: TensorFlow.js in a page, the kernel in a notebook. */
export interface Backend {
  meta: Meta;
  stored: Stored;
  run(picture: Float32Array): Promise<Answers>;
  codes(layer: number): Promise<Codes>;
}

type Listeners = {
  [Type in keyof GlobalEventHandlersEventMap as `on${Type}`]?: (event: GlobalEventHandlersEventMap[Type]) => void;
};
type Value = string | number | boolean | null;
export interface Attributes extends Listeners {
  class?: string;
  id?: string;
  type?: string;
  role?: string;
  title?: string | null;
  hidden?: boolean;
  tabindex?: number;
  width?: number;
  height?: number;
  [name: `aria-${string}` | `data-${string}`]: Value;
}

// ---------------------------------------------------------------- the page's JSON, see `autograder/live/page_export.py`

/** The arguments of all operations; a layer has those that its operation reads. */
export interface Arguments {
  activation: keyof typeof ACTIVATIONS;
  slope: number;
  strides: [number, number];
  padding: "same" | "valid";
  dilation: [number, number];
  size: [number, number];
  low: number;
  high: number;
  margins: [[number, number], [number, number]];
  scale: number;
  offset: number;
}
export type Weights = Record<string, Tensor>;
export interface PlannedLayer extends LayerEntry {
  operation: keyof typeof OPERATIONS;
  arguments: Arguments;
  /** Weight → name of its array. */
  weights: Record<string, string>;
}
export interface ArrayEntry {
  dtype: "uint8" | "float32" | "float16";
  shape: number[];
  /** In bytes. */
  offset: number;
}
export interface Content {
  meta: Omit<Meta, "layers"> & { layers: PlannedLayer[]; probabilities: boolean };
  input: { scale: number; offset: number };
  /** Labels of the stored digits. */
  stored: number[];
  codes: Record<number, { key: string; low: number; step: number; explained: number }>;
  arrays: Record<string, ArrayEntry>;
}
