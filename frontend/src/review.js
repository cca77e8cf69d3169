// The pages of `autograder review`: htmx sends their forms, and keys press what bears them.
//
// All that can be done is a form or a link of the page and works without this script; nothing is kept here.

import "htmx.org";

/** Milliseconds after a refusal in which keys do nothing: they were pressed before anybody could read it. */
const READING = 800;

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

/** @type {string[]} Keys that were pressed while an answer was on its way; they are for the page that comes. */
let queue = [];
let sending = false;
let deafUntil = 0;
let tabbed = false; // whether the focus is where the Tab key put it
let shown = location.href;

/** @type {{ form: HTMLFormElement, focused: boolean, sent: Map<Field, string> }} The press that is under way. */
let pressed;
/** @type {{ row: string, name: string, value: string }[]} What was typed and is on no page at this moment. */
let kept = [];

/**
 * The name of a key as pages have it: digits by their place, since some keyboards need Shift for them.
 *
 * @param {KeyboardEvent} event
 */
function named(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  return (event.shiftKey ? "shift-" : "") + (digit ?? event.key.toLowerCase());
}

/**
 * @param {string} key
 * @returns {HTMLElement | null} what bears it
 */
function bearer(key) {
  return document.querySelector(`[data-key="${CSS.escape(key)}"]`);
}

/** @param {HTMLElement | null} found */
function press(found) {
  if (found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement) {
    found.focus();
    found.setSelectionRange(found.value.length, found.value.length);
  } else found?.click();
}

/**
 * The fields in which something is typed that is not saved.
 *
 * @param {(field: Field) => string | undefined} [saved] what is saved of a field, as far as it is not on the page
 */
function unsaved(saved = () => undefined) {
  /** @type {NodeListOf<Field & { form: HTMLFormElement }>} */
  const fields = document.querySelectorAll("form input[type=text], form textarea");
  return [...fields].filter((field) => {
    const beside = /** @type {HTMLInputElement} */ (field.form.elements.namedItem(`${field.name}_saved`));
    return field.value !== (saved(field) ?? beside.value);
  });
}

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.matches("input, textarea")) {
    if (event.key === "Escape") target.blur();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) target.closest("form")?.requestSubmit();
    return;
  }
  const native = event.key === "Enter" && tabbed && target.matches("a, button, summary");
  if (event.key === "Tab") tabbed = true;
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || native) return;
  const key = named(event);
  const found = bearer(key);
  if (found) event.preventDefault();
  if (performance.now() < deafUntil) return;
  if (sending) queue.push(key);
  else press(found);
});

document.addEventListener("pointerdown", () => {
  tabbed = false;
});

document.addEventListener("htmx:confirm", (event) => {
  const { elt, triggeringEvent } = /** @type {CustomEvent} */ (event).detail;
  /** @type {HTMLButtonElement | undefined} */
  const button = triggeringEvent?.submitter;
  let question = button?.dataset.asks;
  if (button?.value === "next" && unsaved().some((field) => field.form !== elt))
    question = "Go on, and lose what you typed in another decision and did not save?";
  if (question && !confirm(question)) event.preventDefault();
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = /** @type {CustomEvent<{ elt: HTMLFormElement }>} */ (event).detail.elt;
  sending = true;
  // After a press from a field, keys are for the page again.
  if (document.activeElement?.matches("input, textarea")) document.getElementById(`${form.id}-save`)?.focus();
  /** @type {NodeListOf<Field>} */
  const fields = form.querySelectorAll("input, textarea");
  const sent = new Map([...fields].map((field) => [field, field.value]));
  pressed = { form, focused: form.contains(document.activeElement), sent };
});

// Of the form that was pressed, only what was typed since then is not in the answer.
document.addEventListener("htmx:beforeSwap", () => {
  kept = unsaved((field) => pressed.sent.get(field)).map((field) => ({
    row: field.form.id,
    name: field.name,
    value: field.value,
  }));
});

// Once for each answer, after it is on the page; a task later, since an error is said only then.
document.addEventListener("htmx:afterRequest", (event) => {
  const { status } = /** @type {CustomEvent<{ xhr: XMLHttpRequest }>} */ (event).detail.xhr;
  setTimeout(() => {
    sending = false;
    for (const { row, name, value } of kept) {
      /** @type {Field | null} */
      const field = document.querySelector(`form[data-rows~="${row}"] [name="${name}"]`);
      if (field) field.value = value;
    }
    kept = [];
    if (status < 200 || status >= 400) {
      queue = [];
      deafUntil = performance.now() + READING;
    }
    const form = document.getElementById(pressed.form.id);
    if (location.href !== shown) {
      document.getElementById("content")?.focus();
      scrollTo(0, 0);
    } else if (pressed.focused && document.activeElement === document.body)
      document.getElementById(`${pressed.form.id}-save`)?.focus();
    if (status >= 400) form?.querySelector(".foot")?.scrollIntoView({ block: "nearest" });
    say(location.href === shown ? form?.querySelector(".points") : document.querySelector("h1"));
    shown = location.href;
    while (!sending && queue.length > 0) press(bearer(/** @type {string} */ (queue.shift())));
  });
});

/**
 * Has a screen reader say a text of the page.
 *
 * @param {Element | null | undefined} element
 */
function say(element) {
  const line = document.getElementById("said");
  if (line) line.textContent = element?.textContent ?? "";
}

/** @param {string} text beside the buttons of the form that was pressed */
function complain(text) {
  const line = /** @type {HTMLElement | null} */ (
    pressed.form.querySelector(".foot [role=alert][hidden], .foot .ours")
  );
  if (line) Object.assign(line, { hidden: false, className: "callout fail ours", textContent: text });
}

document.addEventListener("htmx:sendError", () =>
  complain(
    "Not saved: nothing answers. Is autograder review still running? Copy what you typed here, start it again, " +
      "and open the address that it prints.",
  ),
);

// What the server does not answer with a page of this answer: that is no longer there, or no page of ours sent it.
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = /** @type {CustomEvent<{ xhr: XMLHttpRequest }>} */ (event).detail;
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  complain(`Not saved: ${(page.querySelector(".lead") ?? page.body).textContent}`);
});

addEventListener("beforeunload", (event) => {
  if (unsaved().length > 0) event.preventDefault();
});
