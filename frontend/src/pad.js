// The pad: draw with mouse, touch, pen or keyboard. It holds strokes, not pixels, and perhaps a digit to start from.

import { SIDE, clamp, ontoPicture, placing, toPicture } from "./preprocess.js";
import { element } from "./dom.js";

const SIZE = 280;
const WIDTH = 19; // of the pen on the pad
const STEP = SIZE / SIDE;

export class Pad {
  /** `changed(picture, drawing)` is called with every new picture; `drawing` while a stroke is under way. */
  constructor(changed, say) {
    this.changed = changed;
    this.say = say;
    this.strokes = [];
    this.base = null;
    this.ghost = null;
    this.region = null;
    this.theme = "light";
    this.pen = { x: SIZE / 2, y: SIZE / 2, down: false, shown: false };
    this.pointer = null;
    this.canvas = element("canvas", {
      class: "pad", width: SIZE, height: SIZE, tabindex: 0, role: "application", "aria-roledescription": "drawing pad",
      "aria-label": "Drawing pad, empty", "aria-describedby": "live-keys",
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
    this.update(true);
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    const all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const each of all.length > 0 ? all : [event]) this.extend(this.at(each));
    this.update(true);
  }

  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.update(false);
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      clamp(((event.clientX - box.left) / box.width) * SIZE, 0, SIZE),
      clamp(((event.clientY - box.top) / box.height) * SIZE, 0, SIZE),
    ];
  }

  /** Adds a point to the last stroke, unless it is all but the last one. */
  extend(point) {
    const stroke = this.strokes[this.strokes.length - 1];
    const [x, y] = stroke[stroke.length - 1];
    if (Math.hypot(point[0] - x, point[1] - y) >= 1.5) stroke.push(point);
  }

  // ------------------------------------------------------------ keyboard

  key(event) {
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
        this.update(true);
      } else {
        this.draw();
      }
    } else if (event.key === " " || event.key === "Enter") {
      this.pen.shown = true;
      this.pen.down = !this.pen.down;
      if (this.pen.down) this.strokes.push([[this.pen.x, this.pen.y]]);
      this.say(this.pen.down ? "Pen down" : "Pen up");
      this.update(this.pen.down);
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
    this.base = this.ghost = null;
    this.pen.down = false;
    this.say("Cleared");
    this.update(false);
  }

  undo() {
    if (this.pointer !== null) return;
    this.say(this.empty ? "Nothing to undo" : "Undone");
    if (this.strokes.length > 0) this.strokes.pop();
    else this.base = null;
    this.pen.down = false;
    this.update(false);
  }

  /** Starts from a stored digit, 784 grey values. */
  start(digit) {
    this.pointer = null;
    this.strokes = [];
    this.ghost = null;
    this.base = Float32Array.from(digit);
    this.pen.down = false;
    this.update(false);
  }

  /** Shows another digit, faintly, where it has ink and the drawing has not; null takes it away. */
  haunt(digit) {
    this.ghost = digit;
    this.draw();
  }

  /** Frames a region of the picture, or nothing. */
  highlight(region) {
    this.region = region;
    this.draw();
  }

  update(drawing) {
    this.draw();
    this.canvas.setAttribute("aria-label", `Drawing pad, ${this.empty ? "empty" : "with a drawing"}`);
    this.changed(this.picture, drawing);
  }

  // ------------------------------------------------------------ painting

  draw() {
    const dark = this.theme === "dark";
    const context = this.canvas.getContext("2d");
    context.fillStyle = dark ? "#16191e" : "#ffffff";
    context.fillRect(0, 0, SIZE, SIZE);
    const ink = dark ? [240, 243, 246] : [24, 28, 34];
    if (this.ghost) this.stamp(context, this.ghost, dark ? [255, 158, 88] : [214, 96, 10], 0.55);
    if (this.base) this.stamp(context, this.base, ink, 1);
    if (this.empty && !this.pen.shown) this.invite(context, dark);
    context.strokeStyle = `rgb(${ink.join(" ")})`;
    context.lineWidth = WIDTH;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of this.strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      for (const point of stroke) context.lineTo(...point);
      context.stroke();
    }
    if (this.region) this.drawRegion(context, dark);
    if (this.pen.shown) this.drawPen(context, dark);
  }

  /** A region of the picture lies elsewhere on the pad, since drawings are centred and scaled. */
  drawRegion(context, dark) {
    const { rows, columns } = this.region;
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

  stamp(context, digit, [red, green, blue], strength) {
    const small = document.createElement("canvas");
    small.width = small.height = SIDE;
    const image = new ImageData(SIDE, SIDE);
    digit.forEach((value, index) => image.data.set([red, green, blue, value * strength], 4 * index));
    small.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(small, 0, 0, SIZE, SIZE);
  }

  invite(context, dark) {
    context.fillStyle = dark ? "#a5aeb8" : "#57606a";
    context.font = "17px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("draw a digit here", SIZE / 2, SIZE / 2);
  }

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
