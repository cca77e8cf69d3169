// One channel, large: pointer or arrow keys choose a unit, and the picture beside it shows what that one sees.

import { element } from "./dom.js";
import { paintDigit } from "./paint.js";

/** @import { App } from "./app.js" */
/** @import { Panel } from "./panels.js" */
/** @import { Range } from "./types.js" */

export class Zoom {
  /** @param {App} owner */
  constructor(owner) {
    this.owner = owner;
    /** @type {Panel} whose channel is shown, once one is */
    this.panel = owner.panels[0];
    this.channel = 0;
    this.row = 0;
    this.column = 0;
    this.unit = 0;
    this.moved = false; // since it was opened
    this.title = element("h2", { id: "live-zoom-title" });
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.frame = element("div", { class: "frame", "aria-hidden": "true" });
    this.map = element(
      "div",
      {
        class: "zoom-map",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "activations",
        "aria-label": "Units of this channel. Arrow keys move between them.",
        "aria-describedby": "live-zoom-reading",
        onpointerdown: (event) => {
          this.moved = true;
          this.point(event);
        },
        onpointermove: (event) => {
          if (event.buttons || event.pointerType === "mouse") this.point(event);
        },
        onkeydown: (event) => this.key(event),
      },
      this.canvas,
      this.frame,
    );
    this.seen = element("canvas", { "aria-hidden": "true" });
    this.region = element("div", { class: "frame", "aria-hidden": "true" });
    this.reading = element("p", { id: "live-zoom-reading", class: "reading", role: "status" });
    this.before = element("button", { type: "button", onclick: () => this.step(-1) }, "← Previous channel");
    this.after = element("button", { type: "button", onclick: () => this.step(1) }, "Next channel →");
    this.pair = element(
      "div",
      { class: "zoom-pair" },
      element("figure", { class: "main" }, this.map, element("figcaption", {}, "what it answers")),
      element(
        "figure",
        {},
        element("div", { class: "zoom-map" }, this.seen, this.region),
        element("figcaption", {}, "what it sees"),
      ),
    );
    this.root = element(
      "dialog",
      {
        class: "zoom",
        "aria-labelledby": "live-zoom-title",
        onclose: () => this.closed(),
        onclick: (event) => {
          if (event.target === this.root) this.root.close();
        },
        onkeydown: (event) => event.stopPropagation(),
      },
      element(
        "div",
        { class: "zoom-body" },
        element(
          "div",
          { class: "zoom-head" },
          this.title,
          element("button", { type: "button", onclick: () => this.root.close() }, "Close"),
        ),
        this.pair,
        this.reading,
        element("p", { class: "buttons" }, this.before, this.after),
      ),
    );
  }

  /**
   * @param {Panel} panel
   * @param {number} channel
   */
  open(panel, channel) {
    this.panel = panel;
    this.channel = channel;
    this.moved = false;
    if (panel.unit !== null && panel.placeOf(panel.unit).channel === channel) {
      ({ row: this.row, column: this.column } = panel.placeOf(panel.unit));
    } else {
      this.row = Math.floor(panel.height / 2);
      this.column = Math.floor(panel.width / 2);
    }
    this.map.style.setProperty("--ratio", `${panel.width} / ${panel.height}`);
    this.pair.classList.toggle("wide", panel.width > 2 * panel.height);
    this.map.classList.toggle("low", panel.height * 4 < panel.width);
    this.before.hidden = this.after.hidden = panel.channels === 1;
    if (!this.root.open) this.root.showModal();
    this.refresh();
    this.map.focus();
  }

  refresh() {
    if (!this.root.open) return;
    const { panel, channel } = this;
    this.title.textContent = panel.channelName(channel);
    this.before.disabled = channel === 0;
    this.after.disabled = channel === panel.channels - 1;
    if (panel.values) {
      panel.refresh();
      panel.paintChannel(this.canvas, channel);
    }
    paintDigit(this.seen, this.owner.picture, this.owner.theme);
    this.choose(this.row, this.column);
  }

  /**
   * @param {number} row
   * @param {number} column
   */
  choose(row, column) {
    const { panel } = this;
    const unit = panel.unitAt(row, column, this.channel);
    if (unit === null) return;
    this.row = row;
    this.column = column;
    outline(this.frame, [row, row], [column, column], panel.height, panel.width);
    const { rows, columns } = panel.region(unit);
    outline(this.region, rows, columns, 28, 28);
    this.reading.textContent = panel.sentence(unit);
    this.unit = unit;
  }

  /** @param {PointerEvent} event */
  point(event) {
    const place = this.panel.under(event, this.canvas);
    if (place) this.choose(...place);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    /** @type {Record<string, [down: number, right: number]>} */
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (!moves[event.key]) return;
    const [down, right] = moves[event.key];
    const row = Math.min(this.panel.height - 1, Math.max(0, this.row + down));
    const column = Math.min(this.panel.width - 1, Math.max(0, this.column + right));
    this.moved = true;
    this.choose(row, column);
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} by */
  step(by) {
    this.channel += by;
    this.refresh();
  }

  closed() {
    if (this.moved) this.owner.select(this.panel, this.unit); // looking alone chooses nothing
    this.panel.makeTabStop(this.channel);
    this.panel.buttons[this.channel].focus();
  }
}

/**
 * Puts a frame around a region of something that is `height` × `width` units large.
 *
 * @param {HTMLElement} frame
 * @param {Range} rows
 * @param {Range} columns
 * @param {number} height
 * @param {number} width
 */
function outline(frame, rows, columns, height, width) {
  frame.style.top = `${(100 * rows[0]) / height}%`;
  frame.style.left = `${(100 * columns[0]) / width}%`;
  frame.style.height = `${(100 * (rows[1] - rows[0] + 1)) / height}%`;
  frame.style.width = `${(100 * (columns[1] - columns[0] + 1)) / width}%`;
}
