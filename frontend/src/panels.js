// One panel per layer: name, shape, parameters, and what the layer answers to the picture.

import { element } from "./dom.js";
import { figure, magnitude, paint } from "./paint.js";
import { receptiveField } from "./receptive.js";

const THUMBS = { 3: 62, 2: 88 };

/** How a layer's values lie on canvases: `channels` canvases of `height` × `width`, in the order of memory. */
export function arrangement(shape) {
  if (shape.length === 3) return { height: shape[0], width: shape[1], channels: shape[2] };
  if (shape.length === 2) return { height: shape[0], width: shape[1], channels: 1 };
  const units = shape[0];
  const width = units <= 32 ? units : units <= 512 ? 32 : units <= 2048 ? 64 : 128;
  return { height: Math.ceil(units / width), width, channels: 1 };
}

export class Panel {
  /** `owner` has theme, select(panel, unit), deselect(), enlarge(panel, channel), pin(index), shapes, fields. */
  constructor(layer, index, owner) {
    this.layer = layer;
    this.index = index;
    this.owner = owner;
    this.values = null;
    this.unit = null;
    this.channel = 0;
    this.visible = false;
    this.dirty = false;
    Object.assign(this, arrangement(layer.shape));
    this.vector = layer.shape.length === 1;
    this.build();
  }

  build() {
    const { layer, index } = this;
    const size = layer.shape.join("×");
    const facts = [
      element("span", {}, element("span", { class: "quiet" }, "output "), element("b", {}, size)),
      element("span", {}, element("b", {}, layer.parameters.toLocaleString("en")), element("span", { class: "quiet" }, " parameters")),
    ];
    const pinnable = layer.pinnable;
    this.pinButton = pinnable && element("button", {
      type: "button", class: "small pin", "aria-pressed": "false",
      "aria-label": `Compare by layer ${index}, ${layer.name}`,
      onclick: () => this.owner.pin(this.pinned ? null : index),
    }, "Compare by this layer");
    this.canvases = Array.from({ length: this.channels }, () => element("canvas", { "aria-hidden": "true" }));
    this.buttons = this.canvases.map((canvas, channel) => element("button", {
      type: "button", class: "channel", tabindex: channel === 0 ? 0 : -1,
      "aria-label": this.channelName(channel), title: this.vector ? null : `Channel ${channel}`,
      onclick: (event) => this.clicked(event, channel),
      ondblclick: () => this.owner.enlarge(this, channel),
      onkeydown: (event) => this.key(event, channel),
      onpointermove: (event) => this.hover(event, channel),
      onpointerleave: () => this.owner.hovered(null),
    }, canvas));
    this.grid = element("div", {
      class: this.vector ? `strip${this.height === 1 ? " short" : ""}` : "maps", role: "group",
      "aria-label": `${layer.name}: ${this.vector ? `${layer.shape[0]} numbers` : `${this.channels} feature maps`}. `
        + `${this.channels > 1 ? "Arrow keys choose one, " : ""}Enter enlarges it.`,
    }, ...this.buttons);
    this.reading = element("p", { class: "reading" }, this.hint());
    this.root = element("section", { class: "card layer", "aria-labelledby": `live-layer-${index}` },
      element("div", { class: "layer-head" },
        element("h3", { id: `live-layer-${index}` },
          element("span", { class: "place" }, index), " ", element("bdi", {}, layer.name), " ",
          element("span", { class: "kind" }, layer.kind)),
        element("p", { class: "facts" }, ...facts),
        ...(this.pinButton ? [this.pinButton] : [])),
      this.grid, this.reading);
    if (!this.vector) {
      const longest = Math.max(this.height, this.width);
      this.grid.style.setProperty("--thumb", `${this.channels === 1 ? 112 : Math.max(40, Math.min(64, longest * 2.6))}px`);
    }
    this.grid.style.setProperty("--columns", this.width);
    this.grid.style.setProperty("--ratio", `${this.width} / ${this.height}`);
  }

  hint() {
    return this.vector ? "Choose a number to see what it sees." : "Choose a pixel to see what it sees.";
  }

  channelName(channel) {
    return this.vector ? `${this.layer.name}, ${this.layer.shape[0]} numbers` : `${this.layer.name}, channel ${channel}`;
  }

  // ------------------------------------------------------------ values

  show(values) {
    this.values = values;
    this.dirty = true;
    if (this.visible) this.refresh();
  }

  refresh() {
    if (!this.values || !this.dirty) return;
    this.dirty = false;
    this.scale = magnitude(this.values);
    this.canvases.forEach((canvas, channel) => this.paintChannel(canvas, channel));
    if (this.unit !== null) this.read();
  }

  paintChannel(canvas, channel) {
    const { height, width, channels: step, scale } = this;
    paint(canvas, this.values, { height, width, offset: channel, step, scale, theme: this.owner.theme });
  }

  // ------------------------------------------------------------ units

  /** The number of the unit in the layer's memory at a row and column of a channel; null where a strip has ended. */
  unitAt(row, column, channel) {
    const unit = (row * this.width + column) * this.channels + channel;
    return this.vector && unit >= this.layer.shape[0] ? null : unit;
  }

  placeOf(unit) {
    const pixel = Math.floor(unit / this.channels);
    return { row: Math.floor(pixel / this.width), column: pixel % this.width, channel: unit % this.channels };
  }

  under(event, canvas) {
    const box = canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.height);
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.width);
    const inside = row >= 0 && column >= 0 && row < this.height && column < this.width;
    return inside ? [row, column] : null;
  }

  hover(event, channel) {
    if (event.pointerType !== "mouse") return;
    const place = this.under(event, this.canvases[channel]);
    this.owner.hovered(place && this.region(this.unitAt(...place, channel)));
  }

  clicked(event, channel) {
    this.channel = channel;
    this.rove(channel);
    if (event.detail === 0) { // Enter or space, or a screen reader
      this.owner.enlarge(this, channel);
      return;
    }
    const place = this.under(event, this.canvases[channel]);
    const unit = place && this.unitAt(...place, channel);
    if (unit === null) return;
    if (unit !== this.unit) this.owner.select(this, unit);
    else if (event.detail === 1) this.owner.deselect(); // the second click of two enlarges
  }

  select(unit) {
    this.unit = unit;
    if (unit === null) {
      this.reading.replaceChildren(this.hint());
      this.buttons.forEach((button) => button.classList.remove("chosen"));
      return;
    }
    this.channel = this.placeOf(unit).channel;
    this.buttons.forEach((button, channel) => button.classList.toggle("chosen", channel === this.channel && this.channels > 1));
    this.read();
  }

  read() {
    const enlarge = element("button", { type: "button", class: "small", onclick: () => this.owner.enlarge(this, this.channel) },
      this.vector ? "Enlarge" : `Enlarge channel ${this.channel}`);
    this.reading.replaceChildren(element("span", {}, this.sentence(this.unit)), " ", enlarge);
  }

  /** What a unit is, says and sees, in words. */
  sentence(unit) {
    const { row, column, channel } = this.placeOf(unit);
    const where = this.vector ? `Number ${unit}` : `Channel ${channel}, row ${row}, column ${column}`;
    const value = this.values ? `: ${figure(this.values[unit])}` : "";
    const { rows, columns } = this.region(unit);
    const [tall, wide] = [rows[1] - rows[0] + 1, columns[1] - columns[0] + 1];
    const all = tall === 28 && wide === 28;
    return `${where}${value}. It sees ${all ? "the whole picture" : tall * wide === 1 ? "one pixel" : `${tall}×${wide} pixels`}.`;
  }

  region(unit) {
    if (unit === null) return null;
    const { fields, shapes } = this.owner;
    return receptiveField(fields.slice(0, this.index), shapes.slice(0, this.index + 1), unit);
  }

  // ------------------------------------------------------------ keyboard: one tab stop a panel

  key(event, channel) {
    const across = Math.max(1, Math.round(this.grid.clientWidth / (this.buttons[0].offsetWidth + 4)));
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
    if (!(event.key in moves) || this.channels === 1) return;
    const next = Math.min(this.channels - 1, Math.max(0, channel + moves[event.key]));
    this.rove(next);
    this.buttons[next].focus();
    event.preventDefault();
    event.stopPropagation();
  }

  rove(channel) {
    this.buttons.forEach((button, index) => { button.tabIndex = index === channel ? 0 : -1; });
  }

  set pinned(pinned) {
    this.isPinned = pinned;
    this.root.classList.toggle("pinned", pinned);
    if (!this.pinButton) return;
    this.pinButton.setAttribute("aria-pressed", String(pinned));
    this.pinButton.textContent = pinned ? "Compared by this layer ✓" : "Compare by this layer";
  }

  get pinned() {
    return Boolean(this.isPinned);
  }
}
