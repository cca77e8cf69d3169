// The notebook's back end: the kernel computes on the Keras model itself, floats travel as bytes.

import { App } from "./app.js";

const PATIENCE = 4000; // milliseconds until the user is told that the kernel is busy

class KernelBackend {
  constructor(model) {
    this.model = model;
    this.meta = model.get("_meta");
    const stored = this.meta.stored;
    this.stored = { count: stored.length, labels: stored, pictures: bytesOf(model.get("_pictures")) };
    this.name = Math.random().toString(36).slice(2); // other views of the same widget ask, too
    this.number = 0;
    this.pending = new Map();
    this.busy = () => {};
    this.receive = (content, buffers) => this.received(content, buffers ?? []);
    model.on("msg:custom", this.receive);
  }

  ask(content, buffers = []) {
    const id = `${this.name}-${++this.number}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.busy(true), PATIENCE);
      this.pending.set(id, { resolve, reject, timer });
      this.model.send({ ...content, id }, undefined, buffers);
    });
  }

  received(content, buffers) {
    const waiting = this.pending.get(content.id);
    if (!waiting) return;
    this.pending.delete(content.id);
    clearTimeout(waiting.timer);
    this.busy(false);
    if (content.error) waiting.reject(new Error(content.error));
    else waiting.resolve({ content, buffers });
  }

  async run(picture) {
    const { content, buffers } = await this.ask({ kind: "run" }, [picture.buffer.slice(picture.byteOffset, picture.byteOffset + picture.byteLength)]);
    const [input, probabilities, ...activations] = buffers.map(floatsOf);
    return { input, probabilities, activations, seen: content.seen, note: content.note, looks: content.looks };
  }

  async codes(layer) {
    const { content, buffers } = await this.ask({ kind: "codes", layer });
    const [bytes, mean, axes, points] = buffers;
    return {
      count: this.stored.count, ...content.numbers,
      bytes: bytesOf(bytes), mean: floatsOf(mean), axes: floatsOf(axes), points: floatsOf(points),
    };
  }

  close() {
    this.model.off("msg:custom", this.receive);
    for (const { timer } of this.pending.values()) clearTimeout(timer);
  }
}

function bytesOf(buffer) {
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** Copied, since a buffer may lie where no float may begin. */
function floatsOf(buffer) {
  const bytes = bytesOf(buffer);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Dark or light, as the notebook says it: JupyterLab, VS Code, Colab, and else the system. */
function themeOfHost() {
  const { body, documentElement } = document;
  if (body.dataset.jpThemeLight !== undefined) return body.dataset.jpThemeLight === "true" ? "light" : "dark";
  if (body.className.includes("vscode-")) return /vscode-(dark|high-contrast(?!-light))/.test(body.className) ? "dark" : "light";
  if (documentElement.getAttribute("theme")) return documentElement.getAttribute("theme") === "dark" ? "dark" : "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

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
