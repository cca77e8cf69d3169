// Elements, never from HTML: what a model's author wrote as a layer's name stays text.

/** @import { Attributes } from "./types.js" */

const TAKES_FOCUS = ["button", "dialog", "summary"];
const SVG = "http://www.w3.org/2000/svg";

/**
 * A new element: `element("p", {class: "quiet"}, "text", child…)`; `onclick` and the like become listeners.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Attributes} attributes
 * @param {...(Node | string)} children
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  // JupyterLab's shortcuts ("d d" deletes a cell) look for this on the very element that has the focus.
  if ("tabindex" in attributes || TAKES_FOCUS.includes(name)) made.setAttribute("data-lm-suppress-shortcuts", "true");
  made.append(...children);
  return made;
}

/**
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/**
 * What draws on a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("The browser has no canvas to draw on.");
  return context;
}

/**
 * Calls `work` once nothing has asked for it for `milliseconds`.
 *
 * @param {(text: string) => void} work
 * @param {number} milliseconds
 * @returns {(text: string) => void}
 */
export function settled(work, milliseconds) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(text), milliseconds);
  };
}

/** @param {number} share */
export function percent(share) {
  const value = 100 * share;
  if (value > 99.9 && value < 100) return "> 99.9 %";
  if (value > 0 && value < 0.1) return "< 0.1 %";
  return `${value.toFixed(value < 10 || (value > 99 && value < 100) ? 1 : 0)} %`;
}

/**
 * The indices of the largest values, largest first.
 *
 * @param {ArrayLike<number>} values
 */
export function ranking(values) {
  return Array.from(values, (_, index) => index).sort((a, b) => values[b] - values[a]);
}

/**
 * What went wrong, for people.
 *
 * @param {unknown} error
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
