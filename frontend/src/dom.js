// Elements, never from HTML: what a model's author wrote as a layer's name stays text.

/** A new element: `element("p", {class: "quiet"}, "text", child…)`; `onclick` and the like become listeners. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  // JupyterLab's shortcuts ("d d" deletes a cell) look for this on the very element that has the focus.
  if ("tabindex" in attributes || FOCUSED.includes(name)) made.setAttribute("data-lm-suppress-shortcuts", "true");
  made.append(...children);
  return made;
}

const FOCUSED = ["button", "dialog", "summary"];
const SVG = "http://www.w3.org/2000/svg";

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Calls `work` once things have been quiet for `milliseconds`. */
export function settled(work, milliseconds) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), milliseconds);
  };
}

export function percent(share) {
  const value = 100 * share;
  if (value > 99.9 && value < 100) return "> 99.9 %";
  if (value > 0 && value < 0.1) return "< 0.1 %";
  return `${value.toFixed(value < 10 || (value > 99 && value < 100) ? 1 : 0)} %`;
}

/** The numbers of the largest values, largest first. */
export function ranking(values) {
  return Array.from(values, (_, index) => index).sort((a, b) => values[b] - values[a]);
}
