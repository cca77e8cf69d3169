// One panel per layer: name, shape, parameters, and what the layer answers to the picture.

import { element } from "./dom.js";
import { figure, magnitude, paint } from "./paint.js";
import { receptiveField } from "./receptive.js";

/** @import { LayerEntry, Region } from "./types.js" */
/** @import { App } from "./app.js" */

/**
 * How a layer's values are laid out on canvases: `channels` canvases of `height` × `width`, in the order of memory.
 *
 * @param {number[]} shape
 */
function arrangement(shape) {
  if (shape.length === 3) return { height: shape[0], width: shape[1], channels: shape[2] };
  if (shape.length === 2) return { height: shape[0], width: shape[1], channels: 1 };
  const units = shape[0];
  const width = units <= 32 ? units : units <= 512 ? 32 : units <= 2048 ? 64 : 128;
  return { height: Math.ceil(units / width), width, channels: 1 };
}

export class Panel {
  /**
   * @param {LayerEntry} layer
   * @param {number} index from 1
   * @param {App} owner
   */
  constructor(layer, index, owner) {
    this.layer = layer;
    this.index = index;
    this.owner = owner;
    /** @type {Float32Array | null} */
    this.values = null;
    /** @type {number | null} */
    this.unit = null;
    this.channel = 0;
    this.scale = 0;
    this.visible = false;
    this.dirty = false;
    this.isPinned = false;
    const { height, width, channels } = arrangement(layer.shape);
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.vector = layer.shape.length === 1;
    const size = layer.shape.join("×");
    const facts = [
      element("span", {}, element("span", { class: "quiet" }, "output "), element("b", {}, size)),
      element(
        "span",
        {},
        element("b", {}, layer.parameters.toLocaleString("en")),
        element("span", { class: "quiet" }, " parameters"),
      ),
    ];
    this.pinButton = !layer.pinnable
      ? null
      : element(
          "button",
          {
            type: "button",
            class: "small pin",
            "aria-pressed": "false",
            "aria-label": `Compare by layer ${index}, ${layer.name}`,
            onclick: () => this.owner.pin(this.pinned ? null : index),
          },
          "Compare by this layer",
        );
    this.canvases = Array.from({ length: this.channels }, () => element("canvas", { "aria-hidden": "true" }));
    this.buttons = this.canvases.map((canvas, channel) =>
      element(
        "button",
        {
          type: "button",
          class: "channel",
          tabindex: channel === 0 ? 0 : -1,
          "aria-label": this.channelName(channel),
          title: this.vector ? null : `Channel ${channel}`,
          onclick: (event) => this.clicked(event, channel),
          ondblclick: () => this.owner.zoom.open(this, channel),
          onkeydown: (event) => this.key(event, channel),
          onpointermove: (event) => this.hover(event, channel),
          onpointerleave: () => this.owner.hovered(null),
        },
        canvas,
      ),
    );
    this.grid = element(
      "div",
      {
        class: this.vector ? `strip${this.height === 1 ? " short" : ""}` : "maps",
        role: "group",
        "aria-label":
          `${layer.name}: ${this.vector ? `${layer.shape[0]} numbers` : `${this.channels} feature maps`}. ` +
          `${this.channels > 1 ? "Arrow keys choose one, " : ""}Enter enlarges it.`,
      },
      ...this.buttons,
    );
    this.reading = element("p", { class: "reading" }, this.hint());
    this.root = element(
      "section",
      { class: "card layer", "aria-labelledby": `live-layer-${index}` },
      element(
        "div",
        { class: "layer-head" },
        element(
          "h3",
          { id: `live-layer-${index}` },
          element("span", { class: "place" }, String(index)),
          " ",
          element("bdi", {}, layer.name),
          " ",
          element("span", { class: "kind" }, layer.kind),
        ),
        element("p", { class: "facts" }, ...facts),
        ...(this.pinButton ? [this.pinButton] : []),
      ),
      this.grid,
      this.reading,
    );
    if (!this.vector) {
      const longest = Math.max(this.height, this.width);
      this.grid.style.setProperty(
        "--thumb",
        `${this.channels === 1 ? 112 : Math.max(40, Math.min(64, longest * 2.6))}px`,
      );
    }
    this.grid.style.setProperty("--columns", String(this.width));
    this.grid.style.setProperty("--ratio", `${this.width} / ${this.height}`);
  }

  hint() {
    return this.vector ? "Choose a number to see what it sees." : "Choose a pixel to see what it sees.";
  }

  /** @param {number} channel */
  channelName(channel) {
    return this.vector
      ? `${this.layer.name}, ${this.layer.shape[0]} numbers`
      : `${this.layer.name}, channel ${channel}`;
  }

  // ------------------------------------------------------------ values

  /** @param {Float32Array} values */
  show(values) {
    this.values = values;
    this.dirty = true;
    if (this.visible) this.refresh();
  }

  refresh() {
    if (!this.values || !this.dirty) return;
    this.dirty = false;
    this.scale = magnitude(this.values);
    for (const [channel, canvas] of this.canvases.entries()) this.paintChannel(canvas, channel);
    if (this.unit !== null) this.read(this.unit);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} channel
   */
  paintChannel(canvas, channel) {
    const { values, height, width, channels: step, scale } = this;
    if (values) paint(canvas, values, { height, width, offset: channel, step, scale, theme: this.owner.theme });
  }

  // ------------------------------------------------------------ units

  /**
   * The number of the unit in the layer's memory at a row and column of a channel; null where a strip has ended.
   *
   * @param {number} row
   * @param {number} column
   * @param {number} channel
   */
  unitAt(row, column, channel) {
    const unit = (row * this.width + column) * this.channels + channel;
    return this.vector && unit >= this.layer.shape[0] ? null : unit;
  }

  /** @param {number} unit */
  placeOf(unit) {
    const pixel = Math.floor(unit / this.channels);
    return { row: Math.floor(pixel / this.width), column: pixel % this.width, channel: unit % this.channels };
  }

  /**
   * The row and column under the pointer, if it is on the canvas.
   *
   * @param {MouseEvent} event
   * @param {HTMLCanvasElement} canvas
   * @returns {[row: number, column: number] | null}
   */
  under(event, canvas) {
    const box = canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.height);
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.width);
    const inside = row >= 0 && column >= 0 && row < this.height && column < this.width;
    return inside ? [row, column] : null;
  }

  /**
   * @param {PointerEvent} event
   * @param {number} channel
   */
  hover(event, channel) {
    if (event.pointerType !== "mouse") return;
    const place = this.under(event, this.canvases[channel]);
    const unit = place && this.unitAt(...place, channel);
    this.owner.hovered(unit === null ? null : this.region(unit));
  }

  /**
   * @param {MouseEvent} event
   * @param {number} channel
   */
  clicked(event, channel) {
    this.channel = channel;
    this.makeTabStop(channel);
    if (event.detail === 0) {
      // Enter or space, or a screen reader
      this.owner.zoom.open(this, channel);
      return;
    }
    const place = this.under(event, this.canvases[channel]);
    const unit = place && this.unitAt(...place, channel);
    if (unit === null) return;
    if (unit !== this.unit) this.owner.select(this, unit);
    else if (event.detail === 1) this.owner.deselect(); // the second click of two enlarges
  }

  /** @param {number | null} unit */
  select(unit) {
    this.unit = unit;
    if (unit === null) {
      this.reading.replaceChildren(this.hint());
      for (const button of this.buttons) button.classList.remove("chosen");
      return;
    }
    this.channel = this.placeOf(unit).channel;
    for (const [channel, button] of this.buttons.entries()) {
      button.classList.toggle("chosen", channel === this.channel && this.channels > 1);
    }
    this.read(unit);
  }

  /** @param {number} unit */
  read(unit) {
    const enlarge = element(
      "button",
      { type: "button", class: "small", onclick: () => this.owner.zoom.open(this, this.channel) },
      this.vector ? "Enlarge" : `Enlarge channel ${this.channel}`,
    );
    this.reading.replaceChildren(element("span", {}, this.sentence(unit)), " ", enlarge);
  }

  /**
   * What a unit is, answers and sees, in words.
   *
   * @param {number} unit
   */
  sentence(unit) {
    const { row, column, channel } = this.placeOf(unit);
    const where = this.vector ? `Number ${unit}` : `Channel ${channel}, row ${row}, column ${column}`;
    const value = this.values ? `: ${figure(this.values[unit])}` : "";
    const { rows, columns } = this.region(unit);
    const [tall, wide] = [rows[1] - rows[0] + 1, columns[1] - columns[0] + 1];
    const all = tall === 28 && wide === 28;
    const seen = all ? "the whole picture" : tall * wide === 1 ? "one pixel" : `${tall}×${wide} pixels`;
    return `${where}${value}. It sees ${seen}.`;
  }

  /**
   * What a unit sees of the picture.
   *
   * @param {number} unit
   * @returns {Region}
   */
  region(unit) {
    const { fields, shapes } = this.owner;
    return receptiveField(fields.slice(0, this.index), shapes.slice(0, this.index + 1), unit);
  }

  // ------------------------------------------------------------ keyboard: one tab stop a panel

  /**
   * @param {KeyboardEvent} event
   * @param {number} channel
   */
  key(event, channel) {
    const across = Math.max(1, Math.round(this.grid.clientWidth / (this.buttons[0].offsetWidth + 4)));
    /** @type {Record<string, number>} */
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
    if (!(event.key in moves) || this.channels === 1) return;
    const next = Math.min(this.channels - 1, Math.max(0, channel + moves[event.key]));
    this.makeTabStop(next);
    this.buttons[next].focus();
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} channel */
  makeTabStop(channel) {
    for (const [index, button] of this.buttons.entries()) button.tabIndex = index === channel ? 0 : -1;
  }

  set pinned(pinned) {
    this.isPinned = pinned;
    this.root.classList.toggle("pinned", pinned);
    if (!this.pinButton) return;
    this.pinButton.setAttribute("aria-pressed", String(pinned));
    this.pinButton.textContent = pinned ? "Compared by this layer ✓" : "Compare by this layer";
  }

  get pinned() {
    return this.isPinned;
  }
}
