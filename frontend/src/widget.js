// The notebook's widget: the kernel computes on the Keras model itself; arrays are sent as bytes.

import { App } from "./app.js";

/** @import { Answers, Backend, Codes, Meta, Theme } from "./types.js" */
/** @typedef {Pick<Codes, "low" | "step" | "explained">} Numbers */
/** @typedef {{ id: string, error?: string, numbers: Numbers } & Partial<Answers>} Reply */
/**
 * A message that the kernel has not answered yet.
 *
 * @typedef {object} Waiting
 * @property {(reply: { content: Reply, buffers: DataView[] }) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {ReturnType<typeof setTimeout>} timer
 */
/**
 * What anywidget hands over: the model of the kernel's side.
 *
 * @typedef {object} KernelModel
 * @property {(name: string) => unknown} get
 * @property {(event: "msg:custom", callback: (content: Reply, buffers: DataView[]) => void) => void} on
 * @property {(event: "msg:custom", callback: (content: Reply, buffers: DataView[]) => void) => void} off
 * @property {(content: object, callbacks: undefined, buffers: ArrayBuffer[]) => void} send
 */

const BUSY_AFTER = 4000; // milliseconds until the user is told that the kernel is busy

/** @implements {Backend} */
class KernelBackend {
  /** @param {KernelModel} model */
  constructor(model) {
    this.model = model;
    this.meta = /** @type {Meta & { stored: number[] }} */ (model.get("_meta"));
    const labels = this.meta.stored;
    const pictures = /** @type {DataView} */ (model.get("_pictures"));
    this.stored = { count: labels.length, labels, pictures: bytesOf(pictures) };
    this.name = Math.random().toString(36).slice(2); // other views of the same widget ask, too
    this.number = 0;
    /** @type {Map<string, Waiting>} */
    this.pending = new Map();
    /** @type {(busy: boolean) => void} */
    this.busy = () => {};
    /** @type {(content: Reply, buffers?: DataView[]) => void} */
    this.receive = (content, buffers) => this.received(content, buffers ?? []);
    model.on("msg:custom", this.receive);
  }

  /**
   * @param {{ kind: "run" } | { kind: "codes", layer: number }} content
   * @param {ArrayBuffer[]} buffers
   * @returns {Promise<{ content: Reply, buffers: DataView[] }>}
   */
  ask(content, buffers = []) {
    const id = `${this.name}-${++this.number}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.busy(true), BUSY_AFTER);
      this.pending.set(id, { resolve, reject, timer });
      this.model.send({ ...content, id }, undefined, buffers);
    });
  }

  /**
   * @param {Reply} content
   * @param {DataView[]} buffers
   */
  received(content, buffers) {
    const waiting = this.pending.get(content.id);
    if (!waiting) return;
    this.pending.delete(content.id);
    clearTimeout(waiting.timer);
    this.busy(false);
    if (content.error) waiting.reject(new Error(content.error));
    else waiting.resolve({ content, buffers });
  }

  /**
   * @param {Float32Array} picture
   * @returns {Promise<Answers>}
   */
  async run(picture) {
    const { content, buffers } = await this.ask({ kind: "run" }, [new Float32Array(picture).buffer]);
    const [input, probabilities, ...activations] = buffers.map(floatsOf);
    return { input, probabilities, activations, seen: content.seen, note: content.note, looks: content.looks };
  }

  /**
   * @param {number} layer
   * @returns {Promise<Codes>}
   */
  async codes(layer) {
    const { content, buffers } = await this.ask({ kind: "codes", layer });
    const [bytes, mean, axes, points] = buffers;
    return {
      count: this.stored.count,
      ...content.numbers,
      bytes: bytesOf(bytes),
      mean: floatsOf(mean),
      axes: floatsOf(axes),
      points: floatsOf(points),
    };
  }

  close() {
    this.model.off("msg:custom", this.receive);
    for (const { timer } of this.pending.values()) clearTimeout(timer);
  }
}

/** @param {ArrayBuffer | DataView} buffer */
function bytesOf(buffer) {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/**
 * Copied, since a buffer may begin at an address that is no multiple of four.
 *
 * @param {ArrayBuffer | DataView} buffer
 */
function floatsOf(buffer) {
  return new Float32Array(new Uint8Array(bytesOf(buffer)).buffer);
}

/**
 * Dark or light, as the notebook says it: JupyterLab, VS Code, Colab, and else the system.
 *
 * @returns {Theme}
 */
function themeOfHost() {
  const { body, documentElement } = document;
  if (body.dataset.jpThemeLight !== undefined) return body.dataset.jpThemeLight === "true" ? "light" : "dark";
  if (body.className.includes("vscode-"))
    return /vscode-(dark|high-contrast(?!-light))/.test(body.className) ? "dark" : "light";
  if (documentElement.getAttribute("theme")) return documentElement.getAttribute("theme") === "dark" ? "dark" : "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/**
 * @param {{ model: KernelModel, el: HTMLElement }} view
 * @returns {() => void} what ends it
 */
function render({ model, el }) {
  const backend = new KernelBackend(model);
  const app = new App(backend, { framed: true });
  backend.busy = (busy) => {
    app.fault.hidden = !busy;
    app.fault.textContent = "The kernel is busy, or gone. The drawing is computed as soon as it answers.";
  };
  const follow = () => app.setTheme(themeOfHost());
  const observer = new MutationObserver(follow);
  for (const target of [document.body, document.documentElement]) {
    observer.observe(target, { attributes: true, attributeFilter: ["class", "theme", "data-jp-theme-light"] });
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", follow);
  follow();
  el.append(app.root);
  return () => {
    observer.disconnect();
    dark.removeEventListener("change", follow);
    backend.close();
    app.destroy();
  };
}

export default { render };
