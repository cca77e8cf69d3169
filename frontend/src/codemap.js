// The drawing among stored digits, by the code that one layer gives each of them: nearest neighbours and a flat map.

import { element, percent, ranking, settled, svg } from "./dom.js";
import { paintDigit } from "./paint.js";

const [WIDE, TALL, EDGE] = [440, 330, 18];
const NEIGHBOURS = 6;
const TRAIL = 400;

/** Squared distances of a code to all stored ones; these come as bytes: value = low + step × byte. */
export function distances(code, { count, low, step, bytes }) {
  const length = code.length;
  return Float64Array.from({ length: count }, (_, digit) => {
    let sum = 0;
    for (let index = 0; index < length; index++) {
      const gap = code[index] - (low + step * bytes[digit * length + index]);
      sum += gap * gap;
    }
    return sum;
  });
}

/** Where a code lies on the map. */
export function project(code, { mean, axes }) {
  let [x, y] = [0, 0];
  for (let index = 0; index < code.length; index++) {
    const gap = code[index] - mean[index];
    x += gap * axes[index];
    y += gap * axes[code.length + index];
  }
  return [x, y];
}

export class CodeMap {
  /** `owner` has theme, picture, labels, stored {count, labels, picture(index)}, haunt(digit), begin(index), say(text). */
  constructor(owner) {
    this.owner = owner;
    this.codes = null;
    this.trail = [];
    this.rival = null;
    this.announce = settled((text) => this.owner.say(text), 1500); // after what the probabilities say
    this.lead = element("p", { class: "lead" });
    this.confuse = element("button", { type: "button", "aria-pressed": "false", onclick: () => this.toggle() }, "What confuses it?");
    this.rivalry = element("p", { class: "rivalry" });
    this.neighbours = element("ol", { class: "neighbours", "aria-label": "Nearest stored digits" });
    this.dots = svg("g");
    this.path = svg("polyline", { class: "trail", fill: "none" });
    this.start = svg("circle", { class: "from", r: 4 });
    this.here = svg("g", { class: "here" }, svg("circle", { r: 11 }), svg("circle", { r: 3, class: "core" }));
    this.chart = svg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, class: "map", role: "img" }, this.dots, this.path, this.start, this.here);
    this.caption = element("figcaption", {});
    this.body = element("div", { class: "code-body" },
      element("figure", {}, this.chart, this.caption),
      element("div", {}, element("h3", {}, "Nearest stored digits"), this.neighbours));
    this.root = element("section", { class: "card code", "aria-labelledby": "live-code" },
      element("div", { class: "layer-head" }, element("h2", { id: "live-code" }, "Compare drawings by one layer"), this.confuse),
      this.lead, this.rivalry, this.body);
    this.pin(null, null);
  }

  /** Compares by another layer: its entry and its stored codes, or null for none. */
  pin(layer, codes) {
    this.layer = layer;
    this.codes = codes;
    this.trail = [];
    this.body.hidden = codes === null;
    if (!codes) {
      this.lead.textContent = "A layer that gives a list of numbers gives every picture a code. Choose one below with "
        + "“Compare by this layer”, and see which stored digits have a code like your drawing's. Try several: where do "
        + "drawings of the same digit come to lie together?";
      this.dots.replaceChildren();
      return;
    }
    const { length } = codes.mean;
    this.lead.replaceChildren("Layer ", element("b", {}, element("bdi", {}, layer.name)), ` turns the drawing into ${length.toLocaleString("en")} numbers. `
      + `Each figure on the map is one of ${codes.count} stored digits; the ring is yours.`);
    this.caption.textContent = `The two directions in which the stored codes differ most hold ${percent(codes.explained)} of their variance. `
      + "Neighbours are found with all numbers, not on the map.";
    this.fit();
    this.dots.replaceChildren(...Array.from({ length: codes.count }, (_, digit) => {
      const [x, y] = this.place([codes.points[2 * digit], codes.points[2 * digit + 1]]);
      const label = this.owner.stored.labels[digit];
      return svg("text", { x: x.toFixed(1), y: y.toFixed(1), class: `dot class-${label % 10}`, "data-label": label }, this.owner.labels[label] ?? label);
    }));
    this.mark();
  }

  fit() {
    const { points, count } = this.codes;
    const axis = (offset) => Array.from({ length: count }, (_, digit) => points[2 * digit + offset]);
    const [xs, ys] = [axis(0), axis(1)];
    const range = (values) => [Math.min(...values), Math.max(...values)];
    const [[x0, x1], [y0, y1]] = [range(xs), range(ys)];
    const scale = Math.min((WIDE - 2 * EDGE) / (x1 - x0 || 1), (TALL - 2 * EDGE) / (y1 - y0 || 1));
    this.transform = { scale, x: WIDE / 2 - (scale * (x0 + x1)) / 2, y: TALL / 2 + (scale * (y0 + y1)) / 2 };
  }

  /** On the chart; what lies outside is held at its edge. */
  place([x, y]) {
    const { scale, x: left, y: top } = this.transform;
    const held = (value, size) => Math.min(size - 8, Math.max(8, value));
    return [held(left + scale * x, WIDE), held(top - scale * y, TALL)];
  }

  /** A new drawing: its code, and the probabilities. */
  show(activations, shares, empty) {
    this.shares = shares;
    this.empty = empty;
    if (this.rival !== null) this.compete();
    if (!this.codes) return;
    this.here.classList.toggle("hidden", empty);
    if (empty) {
      this.trail = [];
      this.neighbours.replaceChildren(element("li", { class: "quiet" }, "Draw something first."));
      this.line();
      return;
    }
    const code = activations[this.layer.index - 1];
    const [x, y] = this.place(project(code, this.codes));
    this.here.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    const last = this.trail[this.trail.length - 1];
    if (!last || Math.hypot(last[0] - x, last[1] - y) > 0.5) this.trail.push([x, y]);
    if (this.trail.length > TRAIL) this.trail.shift();
    this.line();
    this.showNeighbours(distances(code, this.codes));
  }

  line() {
    this.path.setAttribute("points", this.trail.map((point) => point.map((each) => each.toFixed(1)).join(",")).join(" "));
    this.start.classList.toggle("hidden", this.trail.length < 2);
    if (this.trail.length > 1) {
      this.start.setAttribute("cx", this.trail[0][0].toFixed(1));
      this.start.setAttribute("cy", this.trail[0][1].toFixed(1));
    }
  }

  showNeighbours(squared) {
    const { stored, theme, labels } = this.owner;
    this.squared = squared;
    const nearest = ranking(squared.map((each) => -each)).slice(0, NEIGHBOURS);
    this.neighbours.replaceChildren(...nearest.map((digit) => {
      const canvas = element("canvas", { "aria-hidden": "true" });
      paintDigit(canvas, stored.picture(digit), theme);
      const label = labels[stored.labels[digit]];
      return element("li", {}, canvas, element("span", {}, element("b", {}, label), ` ${Math.sqrt(squared[digit]).toPrecision(3)}`));
    }));
    this.chart.setAttribute("aria-label", `Map of stored digits. Your drawing's nearest are ${nearest.map((digit) => labels[stored.labels[digit]]).join(", ")}.`);
  }

  // ------------------------------------------------------------ what confuses it

  toggle() {
    this.rival = this.rival === null ? -1 : null;
    this.confuse.setAttribute("aria-pressed", String(this.rival !== null));
    this.confuse.textContent = this.rival === null ? "What confuses it?" : "Enough of the runner-up";
    this.trail = this.trail.slice(-1);
    if (this.rival === null) {
      this.rivalry.replaceChildren();
      this.owner.haunt(null);
      this.mark();
      this.line();
    } else {
      this.compete();
    }
  }

  /** Names the runner-up, and shows the stored digit of that class which is most like the drawing. */
  compete() {
    const { labels, stored, picture } = this.owner;
    if (!this.shares || this.empty) {
      this.rival = -1;
      this.rivalry.textContent = "Draw something first; then add a stroke, and see where it drives the drawing.";
      this.owner.haunt(null);
      return;
    }
    const [first, second] = ranking(this.shares);
    const sentence = `Runner-up: ${labels[second]} with ${percent(this.shares[second])}, behind ${labels[first]} with ${percent(this.shares[first])}. `;
    const next = this.codes
      ? `The orange shadow is a stored ${labels[second]}. Add a stroke towards it and follow the ring on the map.`
      : `The orange shadow is a stored ${labels[second]}. Compare by a layer, add a stroke, and follow the drawing's way on the map.`;
    this.rivalry.textContent = sentence + next;
    this.announce(sentence);
    const key = `${first} ${second}`;
    if (this.rival !== key) {
      this.rival = key;
      this.owner.haunt(likest(picture, stored, second));
      this.mark(first, second);
    }
  }

  mark(first = null, second = null) {
    this.rivals = first === null && typeof this.rival === "string" ? this.rival.split(" ").map(Number) : [first, second];
    for (const dot of this.dots.children) {
      const label = Number(dot.dataset.label);
      dot.classList.toggle("faint", this.rivals[0] !== null && !this.rivals.includes(label));
    }
  }
}

/** The stored digit of a class whose picture is nearest to this one; null if there is none. */
function likest(picture, stored, label) {
  let [best, least] = [null, Infinity];
  for (let digit = 0; digit < stored.count; digit++) {
    if (stored.labels[digit] !== label) continue;
    const other = stored.picture(digit);
    let sum = 0;
    for (let index = 0; index < picture.length; index++) sum += (picture[index] - other[index]) ** 2;
    if (sum < least) [best, least] = [other, sum];
  }
  return best;
}
