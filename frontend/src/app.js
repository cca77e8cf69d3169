// The live network: a pad, what the model sees, what it says, and every layer's answer.

import { CodeMap } from "./codemap.js";
import { element, messageOf } from "./dom.js";
import { Pad } from "./pad.js";
import { figure, paintDigit } from "./paint.js";
import { Panel } from "./panels.js";
import { PIXELS } from "./preprocess.js";
import { Probabilities } from "./probabilities.js";
import { Zoom } from "./zoom.js";

/** @import { Backend, Region, Result, Theme } from "./types.js" */

const BESIDE = 800; // pixels of width from which on the drawing is beside the layers; as in the style sheet
const NO_NUMBER =
  "What the network answers is not a number. Its weights may have become too large in training: " +
  "train it anew, with a smaller learning rate.";

export class App {
  /**
   * @param {Backend} backend
   * @param {{ framed?: boolean }} how `framed`: within another page, where the layers scroll beside the drawing and
   *   headings are not the first
   */
  constructor(backend, { framed = false } = {}) {
    this.backend = backend;
    const { meta } = backend;
    this.labels = meta.labels;
    /** @type {Theme} */
    this.theme = "light";
    this.fields = meta.layers.map((layer) => layer.field);
    this.shapes = [meta.shape, ...meta.layers.map((layer) => layer.shape)];
    this.stored = {
      ...backend.stored,
      /** @param {number} index */
      picture: (index) => backend.stored.pictures.subarray(index * PIXELS, (index + 1) * PIXELS),
    };
    /** @type {{ picture: Float32Array, empty: boolean, asked: number } | null} */
    this.waiting = null;
    this.busy = false;
    /** @type {Result | null} */
    this.result = null;
    /** @type {number | undefined} */
    this.looks = undefined;
    /** @type {Region | null} */
    this.chosen = null;
    /** @type {number | null} */
    this.pinned = null;
    this.pinning = 0;
    /** @type {number[]} */
    this.frames = [];
    this.milliseconds = 0;
    this.turn = Math.floor(Math.random() * 1000);
    this.live = element("p", { class: "hidden-text", "aria-live": "polite" });
    this.pad = new Pad(
      (picture) => this.request(picture),
      (text) => this.say(text),
    );
    this.probabilities = new Probabilities(this.labels, (text) => this.say(text));
    this.panels = meta.layers.map((layer, index) => new Panel(layer, index + 1, this));
    this.map = new CodeMap(this);
    this.zoom = new Zoom(this);
    this.seen = element("canvas", { class: "seen", role: "img", "aria-label": "What the model sees: 28 by 28 pixels" });
    this.input = element("p", { class: "quiet" }, meta.seen);
    this.fault = element("p", { class: "fault", role: "alert", hidden: true });
    this.speed = element("p", { class: "quiet small-text speed" });
    this.note = element("span", {}, meta.note ? ` · ${meta.note}` : "");
    this.blank = element("p", { class: "blank quiet" }, "Nothing is drawn yet: these are the answers to blank paper.");
    this.right = this.layers();
    this.root = /** @type {HTMLElement & { live?: App }} */ (this.build(framed));
    this.root.live = this; // for tests and the browser's console
    this.observer = this.observed();
    this.request(this.pad.picture);
  }

  get picture() {
    return this.pad.picture;
  }

  /** @param {string} text to who cannot see */
  say(text) {
    this.live.textContent = text;
  }

  // ------------------------------------------------------------ the page

  layers() {
    return element(
      "div",
      { class: "right" },
      this.map.root,
      element(
        "div",
        { class: "layers-head" },
        element("h2", {}, "Every layer's answer"),
        element(
          "p",
          { class: "legend" },
          element("span", { class: "key negative" }),
          "negative",
          element("span", { class: "key zero" }),
          "zero",
          element("span", { class: "key positive" }),
          "positive",
          element("span", { class: "quiet" }, "· each layer on its own scale"),
        ),
      ),
      this.blank,
      ...this.panels.map((panel) => panel.root),
      this.speed,
    );
  }

  /** @param {boolean} framed */
  build(framed) {
    const { meta } = this.backend;
    /** @type {(text: string, onclick: () => void) => HTMLButtonElement} */
    const button = (text, onclick) => element("button", { type: "button", onclick }, text);
    /** @type {(event: KeyboardEvent) => void} */
    const onkeydown = (event) => {
      if (event.key === "Escape" && this.chosen) this.deselect();
    };
    return element(
      "div",
      { class: framed ? "live framed" : "live", "data-theme": this.theme, onkeydown },
      element(
        "header",
        { class: "top" },
        element(framed ? "h2" : "h1", { class: "title" }, "Draw a digit and look inside the network"),
        element("p", { class: "quiet" }, element("bdi", {}, meta.title), this.note),
      ),
      element(
        "div",
        { class: "columns" },
        element(
          "div",
          { class: "left" },
          element(
            "section",
            { class: "card draw", "aria-labelledby": "live-draw" },
            element("h2", { id: "live-draw", class: "hidden-text" }, "Your drawing"),
            this.pad.canvas,
            element(
              "div",
              { class: "beside" },
              this.probabilities.verdict,
              element(
                "p",
                { class: "buttons" },
                button("Undo", () => this.pad.undo()),
                button("Clear", () => this.pad.clear()),
              ),
            ),
          ),
          element(
            "div",
            { class: "card start" },
            element(
              "div",
              { class: "examples", role: "group", "aria-label": "Start from a stored digit" },
              element("span", { class: "small-text quiet" }, "Or start from somebody's:"),
              ...this.examples(),
            ),
            element(
              "details",
              { class: "keys" },
              element("summary", {}, "Draw with the keyboard"),
              element(
                "p",
                { class: "small-text quiet", id: "live-keys" },
                "Arrow keys move the pen (with Shift: in small steps). " +
                  "Space puts it down and lifts it. Backspace undoes a stroke, Delete clears.",
              ),
            ),
          ),
          element(
            "section",
            { class: "card said", "aria-labelledby": "live-said" },
            element("h2", { id: "live-said", class: "hidden-text" }, "What the network sees and says"),
            element(
              "figure",
              { class: "sight" },
              this.seen,
              element(
                "figcaption",
                {},
                element("b", {}, "What it sees"),
                element("br"),
                "28×28 pixels, centred and scaled as in MNIST.",
                this.input,
              ),
            ),
            this.probabilities.root,
            this.fault,
          ),
        ),
        this.right,
      ),
      this.live,
      this.zoom.root,
    );
  }

  examples() {
    const { labels } = this.stored;
    const classes = [...new Set(labels)].sort((a, b) => a - b);
    return classes.map((label) => {
      const own = Array.from(labels.keys()).filter((index) => labels[index] === label);
      return element(
        "button",
        {
          type: "button",
          class: "example",
          "aria-label": `A stored ${this.labels[label] ?? label}`,
          onclick: () => this.pad.start(this.stored.picture(own[this.turn++ % own.length])),
        },
        String(this.labels[label] ?? label),
      );
    });
  }

  /** @param {Theme} theme */
  setTheme(theme) {
    this.theme = this.pad.theme = theme;
    this.root.dataset.theme = theme;
    this.pad.draw();
    for (const panel of this.panels) panel.dirty = true;
    if (this.result) this.show(this.result);
  }

  /** Panels out of sight are painted when they come into sight. */
  observed() {
    const panels = new Map(this.panels.map((panel) => [/** @type {Element} */ (panel.root), panel]));
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const panel = panels.get(target);
          if (!panel) continue;
          panel.visible = isIntersecting;
          if (isIntersecting) panel.refresh();
        }
      },
      { rootMargin: "200px" },
    );
    for (const root of panels.keys()) observer.observe(root);
    return observer;
  }

  destroy() {
    this.observer.disconnect();
  }

  // ------------------------------------------------------------ computing: only the newest drawing

  /** @param {Float32Array} picture */
  request(picture) {
    if (this.pad.empty && this.chosen) this.deselect();
    this.waiting = { picture, empty: this.pad.empty, asked: performance.now() };
    if (!this.busy) this.compute();
  }

  async compute() {
    this.busy = true;
    while (this.waiting) {
      const { picture, empty, asked } = this.waiting;
      this.waiting = null;
      try {
        const result = { ...(await this.backend.run(picture)), picture, empty };
        if (!result.probabilities.every(Number.isFinite)) throw new Error(NO_NUMBER);
        this.fault.hidden = true;
        this.show(result);
        this.time(performance.now() - asked);
      } catch (error) {
        this.showFault(error);
      }
    }
    this.busy = false;
  }

  /** @param {unknown} error */
  showFault(error) {
    this.fault.hidden = false;
    this.fault.textContent = messageOf(error);
  }

  /** @param {Result} result */
  show(result) {
    this.result = result;
    const { picture, input, probabilities, activations, empty, seen, note, looks } = result;
    if (note) this.note.textContent = ` · ${note}`;
    const trained = this.looks !== undefined && looks !== this.looks;
    this.looks = looks;
    if (trained && this.pinned !== null) this.pin(this.pinned, { again: true });
    this.showInput(picture, input, seen ?? this.backend.meta.seen);
    this.blank.hidden = !empty;
    this.probabilities.show(probabilities, empty);
    for (const [index, panel] of this.panels.entries()) panel.show(activations[index]);
    this.map.show(activations, probabilities, empty);
    this.zoom.refresh();
  }

  /**
   * @param {Float32Array} picture
   * @param {Float32Array} input
   * @param {string} words
   */
  showInput(picture, input, words) {
    paintDigit(this.seen, picture, this.theme);
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of input) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    this.input.textContent = `${words} Now from ${figure(low)} to ${figure(high)}.`;
  }

  /**
   * Shows the median of the last frames, from stroke to picture.
   *
   * @param {number} milliseconds
   */
  time(milliseconds) {
    this.frames.push(milliseconds);
    if (this.frames.length > 25) this.frames.shift();
    this.milliseconds = [...this.frames].sort((a, b) => a - b)[Math.floor(this.frames.length / 2)];
    this.speed.textContent = `${Math.round(this.milliseconds)} ms from stroke to picture.`;
  }

  // ------------------------------------------------------------ what parts ask for

  /**
   * @param {Panel} panel
   * @param {number} unit
   */
  select(panel, unit) {
    for (const each of this.panels) if (each !== panel) each.select(null);
    this.chosen = panel.region(unit);
    panel.select(unit);
    this.pad.highlight(this.chosen);
  }

  deselect() {
    for (const each of this.panels) each.select(null);
    this.chosen = null;
    this.pad.highlight(null);
  }

  /** @param {Region | null} region */
  hovered(region) {
    this.pad.highlight(region ?? this.chosen);
  }

  /**
   * Compares drawings by the codes of one layer, or of none.
   *
   * @param {number | null} index of the layer, from 1
   * @param {{ again?: boolean }} how `again`: the network has changed, and with it the codes of the stored digits
   */
  async pin(index, { again = false } = {}) {
    this.pinning += 1;
    const mine = this.pinning;
    try {
      const codes = index === null ? null : await this.backend.codes(index - 1);
      if (mine !== this.pinning) return;
      this.pinned = index;
      this.map.pin(index, codes);
      if (!again) {
        for (const panel of this.panels) panel.pinned = panel.index === index;
        this.placeMap(index);
      }
      if (this.result) this.map.show(this.result.activations, this.result.probabilities, this.result.empty);
      if (!again)
        this.say(
          index === null ? "Compared by no layer" : `Compared by layer ${index}, ${this.panels[index - 1].layer.name}`,
        );
    } catch (error) {
      this.showFault(error);
    }
  }

  /**
   * The map is put where it was asked for, if the drawing stays in sight there; else beside the drawing.
   *
   * @param {number | null} index
   */
  placeMap(index) {
    const { activeElement: focused } = /** @type {Document | ShadowRoot} */ (this.root.getRootNode());
    if (index !== null && this.root.clientWidth >= BESIDE) {
      this.panels[index - 1].root.after(this.map.root);
      this.map.root.scrollIntoView({ block: "nearest" });
    } else {
      this.right.prepend(this.map.root);
      if (index !== null) this.map.root.scrollIntoView({ block: "start" });
    }
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}
