// The drawing among stored digits, by the code that one layer gives each of them: nearest neighbours, and a map.

import { element, percent, ranking, settled, svg } from "./dom.js";
import { paintDigit } from "./paint.js";

/** @import { App } from "./app.js" */
/** @import { Codes, Picture, Point } from "./types.js" */

const [WIDE, TALL, EDGE] = [440, 330, 18];
const NEIGHBOURS = 6;
const TRAIL = 400;

/**
 * Squared distances of a code to all stored ones.
 *
 * @param {Float32Array} code
 * @param {Codes} codes
 */
function distances(code, { count, low, step, bytes }) {
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

/**
 * Where a code is on the map.
 *
 * @param {Float32Array} code
 * @param {Codes} codes
 * @returns {Point}
 */
function project(code, { mean, axes }) {
  let [x, y] = [0, 0];
  for (let index = 0; index < code.length; index++) {
    const gap = code[index] - mean[index];
    x += gap * axes[index];
    y += gap * axes[code.length + index];
  }
  return [x, y];
}

export class CodeMap {
  /** @param {App} owner */
  constructor(owner) {
    this.owner = owner;
    /** @type {Codes | null} */
    this.codes = null;
    /** @type {number | null} the layer whose codes they are, from 1 */
    this.index = null;
    this.transform = { scale: 1, x: 0, y: 0 };
    /** @type {Point[]} */
    this.trail = [];
    /** @type {Float32Array | null} */
    this.shares = null;
    this.empty = true;
    this.naming = false; // the runner-up
    /** @type {number[]} the first and the second class, where there is a drawing and they are named */
    this.leaders = [];
    /** @type {Float64Array | null} */
    this.squared = null;
    this.announce = settled((text) => this.owner.say(text), 1500); // after what the probabilities say
    this.lead = element("p", { class: "lead" });
    this.confuse = element(
      "button",
      { type: "button", "aria-pressed": "false", onclick: () => this.toggle() },
      "What confuses it?",
    );
    this.runnerUp = element("p", { class: "runner-up" });
    this.neighbours = element("ol", { class: "neighbours", "aria-label": "Nearest stored digits" });
    this.dots = svg("g");
    this.path = svg("polyline", { class: "trail", fill: "none" });
    this.start = svg("circle", { class: "from", r: 4 });
    this.here = svg("g", { class: "here" }, svg("circle", { r: 11 }), svg("circle", { r: 3, class: "core" }));
    this.chart = svg(
      "svg",
      { viewBox: `0 0 ${WIDE} ${TALL}`, class: "map", role: "img" },
      this.dots,
      this.path,
      this.start,
      this.here,
    );
    this.caption = element("figcaption", {});
    this.body = element(
      "div",
      { class: "code-body" },
      element("figure", {}, this.chart, this.caption),
      element("div", {}, element("h3", {}, "Nearest stored digits"), this.neighbours),
    );
    this.root = element(
      "section",
      { class: "card code", "aria-labelledby": "live-code" },
      element(
        "div",
        { class: "layer-head" },
        element("h2", { id: "live-code" }, "Compare drawings by one layer"),
        this.confuse,
      ),
      this.lead,
      this.runnerUp,
      this.body,
    );
    this.pin(null, null);
  }

  /**
   * Compares by another layer, or by none.
   *
   * @param {number | null} index from 1
   * @param {Codes | null} codes
   */
  pin(index, codes) {
    this.index = index;
    this.codes = codes;
    this.trail = [];
    this.body.hidden = codes === null;
    if (!codes || index === null) {
      this.lead.textContent =
        "A layer that gives a list of numbers gives every picture a code. Choose one below with " +
        "“Compare by this layer”, and see which stored digits have a code like your drawing's. Try several: where do " +
        "drawings of the same digit come to lie together?";
      this.dots.replaceChildren();
      return;
    }
    const { length } = codes.mean;
    const { name } = this.owner.panels[index - 1].layer;
    this.lead.replaceChildren(
      "Layer ",
      element("b", {}, element("bdi", {}, name)),
      ` turns the drawing into ${length.toLocaleString("en")} numbers. ` +
        `Each figure on the map is one of ${codes.count} stored digits; the ring is yours.`,
    );
    this.caption.textContent =
      `The two directions in which the stored codes differ most hold ${percent(codes.explained)} of their variance. ` +
      "Neighbours are found with all numbers, not on the map.";
    this.fit(codes);
    this.dots.replaceChildren(
      ...Array.from({ length: codes.count }, (_, digit) => {
        const [x, y] = this.place([codes.points[2 * digit], codes.points[2 * digit + 1]]);
        const label = this.owner.stored.labels[digit];
        return svg(
          "text",
          { x: x.toFixed(1), y: y.toFixed(1), class: `dot class-${label % 10}`, "data-label": label },
          this.owner.labels[label] ?? label,
        );
      }),
    );
    this.mark();
  }

  /** @param {Codes} codes */
  fit({ points, count }) {
    /** @type {(offset: number) => [lowest: number, highest: number]} */
    const range = (offset) => {
      const values = Array.from({ length: count }, (_, digit) => points[2 * digit + offset]);
      return [Math.min(...values), Math.max(...values)];
    };
    const [[x0, x1], [y0, y1]] = [range(0), range(1)];
    const scale = Math.min((WIDE - 2 * EDGE) / (x1 - x0 || 1), (TALL - 2 * EDGE) / (y1 - y0 || 1));
    this.transform = { scale, x: WIDE / 2 - (scale * (x0 + x1)) / 2, y: TALL / 2 + (scale * (y0 + y1)) / 2 };
  }

  /**
   * On the chart; what is outside is put at its edge.
   *
   * @param {Point} point
   * @returns {Point}
   */
  place([x, y]) {
    const { scale, x: left, y: top } = this.transform;
    /** @type {(value: number, size: number) => number} */
    const held = (value, size) => Math.min(size - 8, Math.max(8, value));
    return [held(left + scale * x, WIDE), held(top - scale * y, TALL)];
  }

  /**
   * A new drawing: its code, and the probabilities.
   *
   * @param {Float32Array[]} activations
   * @param {Float32Array} shares
   * @param {boolean} empty
   */
  show(activations, shares, empty) {
    this.shares = shares;
    this.empty = empty;
    if (this.naming) this.nameRunnerUp();
    if (!this.codes || this.index === null) return;
    this.here.classList.toggle("hidden", empty);
    if (empty) {
      this.trail = [];
      this.neighbours.replaceChildren(element("li", { class: "quiet" }, "Draw something first."));
      this.line();
      return;
    }
    const code = activations[this.index - 1];
    const [x, y] = this.place(project(code, this.codes));
    this.here.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    const last = this.trail[this.trail.length - 1];
    if (!last || Math.hypot(last[0] - x, last[1] - y) > 0.5) this.trail.push([x, y]);
    if (this.trail.length > TRAIL) this.trail.shift();
    this.line();
    this.showNeighbours(distances(code, this.codes));
  }

  line() {
    this.path.setAttribute(
      "points",
      this.trail.map((point) => point.map((each) => each.toFixed(1)).join(",")).join(" "),
    );
    this.start.classList.toggle("hidden", this.trail.length < 2);
    if (this.trail.length > 1) {
      this.start.setAttribute("cx", this.trail[0][0].toFixed(1));
      this.start.setAttribute("cy", this.trail[0][1].toFixed(1));
    }
  }

  /** @param {Float64Array} squared distances to the stored digits */
  showNeighbours(squared) {
    const { stored, theme, labels } = this.owner;
    this.squared = squared;
    const nearest = ranking(squared.map((each) => -each)).slice(0, NEIGHBOURS);
    this.neighbours.replaceChildren(
      ...nearest.map((digit) => {
        const canvas = element("canvas", { "aria-hidden": "true" });
        paintDigit(canvas, stored.picture(digit), theme);
        const label = labels[stored.labels[digit]];
        return element(
          "li",
          {},
          canvas,
          element("span", {}, element("b", {}, label), ` ${Math.sqrt(squared[digit]).toPrecision(3)}`),
        );
      }),
    );
    this.chart.setAttribute(
      "aria-label",
      `Map of stored digits. Your drawing's nearest are ${nearest.map((digit) => labels[stored.labels[digit]]).join(", ")}.`,
    );
  }

  // ------------------------------------------------------------ what confuses it

  toggle() {
    this.naming = !this.naming;
    this.leaders = [];
    this.confuse.setAttribute("aria-pressed", String(this.naming));
    this.confuse.textContent = this.naming ? "Hide the runner-up" : "What confuses it?";
    this.trail = this.trail.slice(-1);
    if (this.naming) {
      this.nameRunnerUp();
    } else {
      this.runnerUp.replaceChildren();
      this.owner.pad.showShadow(null);
      this.mark();
      this.line();
    }
  }

  /** Names the runner-up, and shows the stored digit of that class which is most like the drawing. */
  nameRunnerUp() {
    const { labels, stored, picture, pad } = this.owner;
    if (!this.shares || this.empty) {
      this.leaders = [];
      this.runnerUp.textContent = "Draw something first; then add a stroke, and see where it moves the drawing.";
      pad.showShadow(null);
      this.mark();
      return;
    }
    const [first, second] = ranking(this.shares);
    const sentence =
      `Runner-up: ${labels[second]} with ${percent(this.shares[second])}, ` +
      `behind ${labels[first]} with ${percent(this.shares[first])}. `;
    const next = this.codes
      ? "Add a stroke towards it and follow the ring on the map."
      : "Compare by a layer, add a stroke, and follow the drawing's path on the map.";
    this.runnerUp.textContent = `${sentence}The orange shadow is a stored ${labels[second]}. ${next}`;
    this.announce(sentence);
    if (this.leaders[0] !== first || this.leaders[1] !== second) {
      this.leaders = [first, second];
      pad.showShadow(mostAlike(picture, stored, second));
      this.mark();
    }
  }

  /** Fades the stored digits of all classes but those that are named. */
  mark() {
    for (const dot of this.dots.children) {
      const label = Number(dot.getAttribute("data-label"));
      dot.classList.toggle("faint", this.leaders.length > 0 && !this.leaders.includes(label));
    }
  }
}

/**
 * The stored digit of a class whose picture is nearest to this one; null if there is none.
 *
 * @param {Picture} picture
 * @param {App["stored"]} stored
 * @param {number} label
 */
function mostAlike(picture, stored, label) {
  /** @type {Picture | null} */
  let best = null;
  let least = Number.POSITIVE_INFINITY;
  for (let digit = 0; digit < stored.count; digit++) {
    if (stored.labels[digit] !== label) continue;
    const other = stored.picture(digit);
    let sum = 0;
    for (let index = 0; index < picture.length; index++) sum += (picture[index] - other[index]) ** 2;
    if (sum < least) [best, least] = [other, sum];
  }
  return best;
}
