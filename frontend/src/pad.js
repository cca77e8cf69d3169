// The pad: draw with mouse, touch, pen or keyboard. It holds strokes, not pixels, and perhaps a digit to start from.

import { contextOf, element } from "./dom.js";
import { clamp, ontoPicture, placing, SIDE, toPicture } from "./preprocess.js";

/** @import { Picture, Point, Region, Stroke, Theme } from "./types.js" */

const SIZE = 280;
const WIDTH = 19; // of the pen on the pad
const STEP = SIZE / SIDE;

export class Pad {
  /**
   * @param {(picture: Float32Array) => void} changed called with every new picture
   * @param {(text: string) => void} say to who cannot see
   */
  constructor(changed, say) {
    this.changed = changed;
    this.say = say;
    /** @type {Stroke[]} */
    this.strokes = [];
    /** @type {Float32Array | null} */
    this.base = null;
    /** @type {Picture | null} */
    this.shadow = null;
    /** @type {Region | null} */
    this.region = null;
    /** @type {Theme} */
    this.theme = "light";
    this.pen = { x: SIZE / 2, y: SIZE / 2, down: false, shown: false };
    /** @type {number | null} */
    this.pointer = null;
    this.canvas = element("canvas", {
      class: "pad",
      width: SIZE,
      height: SIZE,
      tabindex: 0,
      role: "application",
      "aria-roledescription": "drawing pad",
      "aria-label": "Drawing pad, empty",
      "aria-describedby": "live-keys",
      onpointerdown: (event) => this.begin(event),
      onpointermove: (event) => this.move(event),
      onpointerup: (event) => this.end(event),
      onpointercancel: (event) => this.end(event),
      onlostpointercapture: (event) => this.end(event),
      onkeydown: (event) => this.key(event),
      onfocus: () => this.focus(true),
      onblur: () => this.focus(false),
    });
    this.draw();
  }

  get picture() {
    return this.base ? ontoPicture(this.base, this.strokes, SIZE) : toPicture(this.strokes, SIZE);
  }

  get empty() {
    return this.base === null && this.strokes.length === 0;
  }

  // ------------------------------------------------------------ pointer

  /** @param {PointerEvent} event */
  begin(event) {
    if (this.pointer !== null || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.pen.shown = this.pen.down = false;
    this.pointer = event.pointerId;
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already; the stroke is a dot.
    }
    this.strokes.push([this.at(event)]);
    this.update();
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (event.pointerId !== this.pointer) return;
    const all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const each of all.length > 0 ? all : [event]) this.extend(this.at(each));
    this.update();
  }

  /** @param {PointerEvent} event */
  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.update();
  }

  /**
   * @param {PointerEvent} event
   * @returns {Point}
   */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      clamp(((event.clientX - box.left) / box.width) * SIZE, 0, SIZE),
      clamp(((event.clientY - box.top) / box.height) * SIZE, 0, SIZE),
    ];
  }

  /**
   * Adds a point to the last stroke, unless it is next to that stroke's last one.
   *
   * @param {Point} point
   */
  extend(point) {
    const stroke = this.strokes[this.strokes.length - 1];
    const [x, y] = stroke[stroke.length - 1];
    if (Math.hypot(point[0] - x, point[1] - y) >= 1.5) stroke.push(point);
  }

  // ------------------------------------------------------------ keyboard

  /** @param {KeyboardEvent} event */
  key(event) {
    /** @type {Record<string, Point>} */
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const undo = event.key === "Backspace" || (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey));
    if (moves[event.key] && !event.altKey && !event.ctrlKey && !event.metaKey) {
      const [dx, dy] = moves[event.key];
      const step = event.shiftKey ? STEP / 4 : STEP;
      this.pen.x = clamp(this.pen.x + dx * step, 0, SIZE);
      this.pen.y = clamp(this.pen.y + dy * step, 0, SIZE);
      this.pen.shown = true;
      if (this.pen.down) {
        this.strokes[this.strokes.length - 1].push([this.pen.x, this.pen.y]);
        this.update();
      } else {
        this.draw();
      }
    } else if (event.key === " " || event.key === "Enter") {
      this.pen.shown = true;
      this.pen.down = !this.pen.down;
      if (this.pen.down) this.strokes.push([[this.pen.x, this.pen.y]]);
      this.say(this.pen.down ? "Pen down" : "Pen up");
      this.update();
    } else if (event.key === "Delete") {
      this.clear();
    } else if (undo) {
      this.undo();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {boolean} has */
  focus(has) {
    this.pen.shown = has && this.canvas.matches(":focus-visible");
    if (!has && this.pen.down) {
      this.pen.down = false;
      this.say("Pen up");
    }
    this.draw();
  }

  // ------------------------------------------------------------ what buttons do

  clear() {
    this.pointer = null; // a stroke that is under way has ended
    this.strokes = [];
    this.base = this.shadow = null;
    this.pen.down = false;
    this.say("Cleared");
    this.update();
  }

  undo() {
    if (this.pointer !== null) return;
    this.say(this.empty ? "Nothing to undo" : "Undone");
    if (this.strokes.length > 0) this.strokes.pop();
    else this.base = null;
    this.pen.down = false;
    this.update();
  }

  /**
   * Starts from a stored digit.
   *
   * @param {Picture} digit
   */
  start(digit) {
    this.pointer = null;
    this.strokes = [];
    this.shadow = null;
    this.base = Float32Array.from(digit);
    this.pen.down = false;
    this.update();
  }

  /**
   * Shows another digit, faintly, where it has ink and the drawing has not; null takes it away.
   *
   * @param {Picture | null} digit
   */
  showShadow(digit) {
    this.shadow = digit;
    this.draw();
  }

  /**
   * Frames a region of the picture, or nothing.
   *
   * @param {Region | null} region
   */
  highlight(region) {
    this.region = region;
    this.draw();
  }

  update() {
    this.draw();
    this.canvas.setAttribute("aria-label", `Drawing pad, ${this.empty ? "empty" : "with a drawing"}`);
    this.changed(this.picture);
  }

  // ------------------------------------------------------------ painting

  draw() {
    const dark = this.theme === "dark";
    const context = contextOf(this.canvas);
    context.fillStyle = dark ? "#16191e" : "#ffffff";
    context.fillRect(0, 0, SIZE, SIZE);
    const ink = dark ? [240, 243, 246] : [24, 28, 34];
    if (this.shadow) this.drawDigit(context, this.shadow, dark ? [255, 158, 88] : [214, 96, 10], 0.55);
    if (this.base) this.drawDigit(context, this.base, ink, 1);
    if (this.empty && !this.pen.shown) this.drawHint(context, dark);
    context.strokeStyle = `rgb(${ink.join(" ")})`;
    context.lineWidth = WIDTH;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of this.strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      for (const point of stroke) context.lineTo(...point);
      context.stroke();
    }
    if (this.region) this.drawRegion(context, this.region, dark);
    if (this.pen.shown) this.drawPen(context, dark);
  }

  /**
   * A region of the picture is elsewhere on the pad, since drawings are centred and scaled.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Region} region
   * @param {boolean} dark
   */
  drawRegion(context, { rows, columns }, dark) {
    const { scale, left, top } = this.base ? { scale: 1 / STEP, left: 0, top: 0 } : placing(this.strokes, SIZE);
    const [x0, x1] = [columns[0], columns[1] + 1].map((x) => clamp((x - left) / scale, 2, SIZE - 2));
    const [y0, y1] = [rows[0], rows[1] + 1].map((y) => clamp((y - top) / scale, 2, SIZE - 2));
    context.save();
    context.fillStyle = dark ? "rgb(0 0 0 / 45%)" : "rgb(255 255 255 / 55%)";
    context.beginPath();
    context.rect(0, 0, SIZE, SIZE);
    context.rect(x0, y0, x1 - x0, y1 - y0);
    context.fill("evenodd");
    context.lineWidth = 3;
    context.strokeStyle = dark ? "#ff9e58" : "#c2410c";
    context.strokeRect(x0, y0, x1 - x0, y1 - y0);
    context.restore();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Picture} digit
   * @param {number[]} ink red, green and blue
   * @param {number} strength
   */
  drawDigit(context, digit, ink, strength) {
    const small = document.createElement("canvas");
    small.width = small.height = SIDE;
    const image = new ImageData(SIDE, SIDE);
    for (let index = 0; index < digit.length; index++) image.data.set([...ink, digit[index] * strength], 4 * index);
    contextOf(small).putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(small, 0, 0, SIZE, SIZE);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {boolean} dark
   */
  drawHint(context, dark) {
    context.fillStyle = dark ? "#a5aeb8" : "#57606a";
    context.font = "17px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("draw a digit here", SIZE / 2, SIZE / 2);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {boolean} dark
   */
  drawPen(context, dark) {
    const { x, y, down } = this.pen;
    context.save();
    context.lineWidth = 3;
    context.strokeStyle = dark ? "#8fbcf7" : "#1a5aa3";
    context.beginPath();
    context.arc(x, y, WIDTH / 2 + 2, 0, 2 * Math.PI);
    if (down) {
      context.fillStyle = context.strokeStyle;
      context.fill();
    }
    context.stroke();
    context.restore();
  }
}
