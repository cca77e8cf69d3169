// The live network: a pad, what the model sees, what it says, and every layer's answer.
//
// A back end computes. It has
//   meta      {title, note, seen, shape, labels, layers: [{name, kind, shape, parameters, field, pinnable}]}
//   stored    {count, labels, pictures}: digits to start from and to compare with
//   run       (picture) → promise of {input, probabilities, activations}: Float32Arrays; in a notebook also
//             {seen, note, looks}: how the network likes and reads its digits, and how often that was looked at anew
//   codes     (layer) → promise of {count, low, step, bytes, mean, axes, points, explained}

import { CodeMap } from "./codemap.js";
import { element } from "./dom.js";
import { Pad } from "./pad.js";
import { figure, paintDigit } from "./paint.js";
import { Panel } from "./panels.js";
import { PIXELS } from "./preprocess.js";
import { Probabilities } from "./probabilities.js";
import { Zoom } from "./zoom.js";

const BESIDE = 800; // pixels from which on the drawing stands beside the layers; as in the style sheet
const NO_NUMBER = "What the network answers is not a number. Its weights may have grown out of all bounds in training: "
  + "train it anew, with a smaller learning rate.";

export class App {
  /** `framed`: within somebody else's page, where the layers scroll beside the drawing and headings are not the first. */
  constructor(backend, { framed = false } = {}) {
    this.backend = backend;
    const { meta } = backend;
    this.labels = meta.labels;
    this.theme = "light";
    this.fields = meta.layers.map((layer) => layer.field);
    this.shapes = [meta.shape, ...meta.layers.map((layer) => layer.shape)];
    this.stored = {
      ...backend.stored,
      picture: (index) => backend.stored.pictures.subarray(index * PIXELS, (index + 1) * PIXELS),
    };
    this.waiting = null;
    this.busy = false;
    this.result = null;
    this.frames = [];
    this.turn = Math.floor(Math.random() * 1000);
    this.live = element("p", { class: "hidden-text", "aria-live": "polite" });
    this.pad = new Pad((picture) => this.request(picture), (text) => this.say(text));
    this.probabilities = new Probabilities(this.labels, (text) => this.say(text));
    this.panels = meta.layers.map((layer, index) => new Panel({ ...layer, index: index + 1 }, index + 1, this));
    this.map = new CodeMap(this);
    this.zoom = new Zoom(this);
    this.root = this.build(framed);
    this.root.live = this; // for the curious, and for tests
    this.watch();
    this.request(this.pad.picture);
  }

  get picture() {
    return this.pad.picture;
  }

  say(text) {
    this.live.textContent = text;
  }

  // ------------------------------------------------------------ the page

  build(framed) {
    const { meta } = this.backend;
    const button = (text, onclick, label) => element("button", { type: "button", onclick, "aria-label": label ?? null }, text);
    this.seen = element("canvas", { class: "seen", role: "img", "aria-label": "What the model sees: 28 by 28 pixels" });
    this.input = element("p", { class: "quiet" }, meta.seen);
    this.fault = element("p", { class: "fault", role: "alert", hidden: true });
    this.speed = element("p", { class: "quiet small-text speed" });
    const examples = this.examples();
    this.note = element("span", {}, meta.note ? ` · ${meta.note}` : "");
    this.blank = element("p", { class: "blank quiet" }, "Nothing is drawn yet: these are the answers to blank paper.");
    this.right = element("div", { class: "right" }, this.map.root,
      element("div", { class: "layers-head" }, element("h2", {}, "Every layer's answer"),
        element("p", { class: "legend" }, element("span", { class: "key negative" }), "negative", element("span", { class: "key zero" }), "zero",
          element("span", { class: "key positive" }), "positive", element("span", { class: "quiet" }, "· each layer on its own scale"))),
      this.blank, ...this.panels.map((panel) => panel.root), this.speed);
    const escape = (event) => { if (event.key === "Escape" && this.chosen) this.deselect(); };
    return element("div", { class: framed ? "live framed" : "live", "data-theme": this.theme, onkeydown: escape },
      element("header", { class: "top" },
        element(framed ? "h2" : "h1", { class: "title" }, "Draw a digit and look inside the network"),
        element("p", { class: "quiet" }, element("bdi", {}, meta.title), this.note)),
      element("div", { class: "columns" },
        element("div", { class: "left" },
          element("section", { class: "card draw", "aria-labelledby": "live-draw" },
            element("h2", { id: "live-draw", class: "hidden-text" }, "Your drawing"),
            this.pad.canvas,
            element("p", { class: "buttons" }, button("Undo", () => this.pad.undo()), button("Clear", () => this.pad.clear())),
            element("div", { class: "examples", role: "group", "aria-label": "Start from a stored digit" },
              element("span", { class: "small-text quiet" }, "Or start from somebody's:"), ...examples),
            element("details", { class: "keys" }, element("summary", {}, "Draw with the keyboard"),
              element("p", { class: "small-text quiet", id: "live-keys" }, "Arrow keys move the pen (with Shift: in small steps). "
                + "Space puts it down and lifts it. Backspace undoes a stroke, Delete clears."))),
          element("section", { class: "card said", "aria-labelledby": "live-said" },
            element("h2", { id: "live-said", class: "hidden-text" }, "What the network sees and says"),
            element("figure", { class: "sight" }, this.seen,
              element("figcaption", {}, element("b", {}, "What it sees"), element("br"), "28×28 pixels, centred and scaled as in MNIST.", this.input)),
            this.probabilities.root, this.fault)),
        this.right),
      this.live, this.zoom.root);
  }

  examples() {
    const { labels } = this.stored;
    const classes = [...new Set(labels)].sort((a, b) => a - b);
    return classes.map((label) => {
      const own = Array.from(labels.keys()).filter((index) => labels[index] === label);
      return element("button", {
        type: "button", class: "example", "aria-label": `A stored ${this.labels[label] ?? label}`,
        onclick: () => this.pad.start(this.stored.picture(own[this.turn++ % own.length])),
      }, String(this.labels[label] ?? label));
    });
  }

  setTheme(theme) {
    this.theme = this.pad.theme = theme;
    this.root.dataset.theme = theme;
    this.pad.draw();
    this.panels.forEach((panel) => { panel.dirty = true; });
    if (this.result) this.show(this.result);
  }

  /** Panels out of sight are painted when they come into sight. */
  watch() {
    this.observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const panel = this.panels.find((each) => each.root === entry.target);
        panel.visible = entry.isIntersecting;
        if (panel.visible) panel.refresh();
      }
    }, { rootMargin: "200px" });
    this.panels.forEach((panel) => this.observer.observe(panel.root));
  }

  destroy() {
    this.observer.disconnect();
  }

  // ------------------------------------------------------------ computing: only the newest drawing

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
        this.fault.hidden = false;
        this.fault.textContent = String(error.message ?? error);
      }
    }
    this.busy = false;
  }

  show(result) {
    this.result = result;
    const { picture, input, probabilities, activations, empty, seen, note, looks } = result;
    if (note) this.note.textContent = ` · ${note}`;
    const trained = this.looks !== undefined && looks !== this.looks;
    this.looks = looks;
    if (trained && this.pinned) this.pin(this.pinned, { again: true });
    this.showInput(picture, input, seen ?? this.backend.meta.seen);
    this.blank.hidden = !empty;
    this.probabilities.show(probabilities, empty);
    this.panels.forEach((panel, index) => panel.show(activations[index]));
    this.map.show(activations, probabilities, empty);
    this.zoom.refresh();
  }

  showInput(picture, input, words) {
    paintDigit(this.seen, picture, this.theme);
    let [low, high] = [Infinity, -Infinity];
    for (const value of input) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    this.input.textContent = `${words} Now from ${figure(low)} to ${figure(high)}.`;
  }

  /** The median of the last frames, in milliseconds from stroke to picture. */
  time(milliseconds) {
    this.frames.push(milliseconds);
    if (this.frames.length > 25) this.frames.shift();
    this.milliseconds = [...this.frames].sort((a, b) => a - b)[Math.floor(this.frames.length / 2)];
    this.speed.textContent = `${Math.round(this.milliseconds)} ms from stroke to picture.`;
  }

  // ------------------------------------------------------------ what parts ask for

  select(panel, unit) {
    this.panels.forEach((each) => { if (each !== panel) each.select(null); });
    this.chosen = panel.region(unit);
    panel.select(unit);
    this.pad.highlight(this.chosen);
  }

  deselect() {
    this.panels.forEach((each) => each.select(null));
    this.chosen = null;
    this.pad.highlight(null);
  }

  hovered(region) {
    this.pad.highlight(region ?? this.chosen ?? null);
  }

  enlarge(panel, channel) {
    this.zoom.open(panel, channel);
  }

  /** `again`: the network has changed, and with it the codes of the stored digits. */
  async pin(index, { again = false } = {}) {
    const mine = (this.pinning = (this.pinning ?? 0) + 1);
    try {
      const codes = index === null ? null : await this.backend.codes(index - 1);
      if (mine !== this.pinning) return;
      this.pinned = index;
      this.map.pin(index === null ? null : this.panels[index - 1].layer, codes);
      if (!again) {
        this.panels.forEach((panel) => { panel.pinned = panel.index === index; });
        this.placeMap(index);
      }
      if (this.result) this.map.show(this.result.activations, this.result.probabilities, this.result.empty);
      if (!again) this.say(index === null ? "Compared by no layer" : `Compared by layer ${index}, ${this.panels[index - 1].layer.name}`);
    } catch (error) {
      this.fault.hidden = false;
      this.fault.textContent = String(error.message ?? error);
    }
  }

  /** The map comes to where it was asked for, if the drawing stays in sight there; else to the drawing. */
  placeMap(index) {
    const focused = this.root.getRootNode().activeElement;
    if (index !== null && this.root.clientWidth >= BESIDE) {
      this.panels[index - 1].root.after(this.map.root);
      this.map.root.scrollIntoView({ block: "nearest" });
    } else {
      this.right.prepend(this.map.root);
      if (index !== null) this.map.root.scrollIntoView({ block: "start" });
    }
    focused?.focus({ preventScroll: true });
  }

  haunt(digit) {
    this.pad.haunt(digit);
  }
}
