// The pages of `autograder review`: htmx sends their forms, and keys press what bears them.
//
// All that can be done is a form or a link of the page and works without this script; nothing is kept here.

import "htmx.org";

/** @type {string[]} Keys that were pressed while an answer was on its way; they are for the page that comes. */
let queue = [];
let sending = false;
let shown = location.href;

/**
 * The name of a key as pages have it: digits by their place, since some keyboards need Shift for them.
 *
 * @param {KeyboardEvent} event
 */
function named(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  return digit ? (event.shiftKey ? `shift-${digit}` : digit) : event.key.toLowerCase();
}

/** @param {string} key */
function press(key) {
  /** @type {HTMLElement | null} */
  const found = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (found?.matches("input, textarea")) found.focus();
  else found?.click();
  return found !== null;
}

/** What is typed and not saved yet. */
function typed() {
  /** @type {NodeListOf<HTMLInputElement | HTMLTextAreaElement>} */
  const fields = document.querySelectorAll("form input[type=text], form textarea");
  return [...fields].some((field) => field.value !== field.defaultValue);
}

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.matches("input, textarea")) {
    if (event.key === "Escape") target.blur();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) target.closest("form")?.requestSubmit();
    return;
  }
  const native = event.key === "Enter" && target.matches("a, button, summary");
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || native) return;
  if (sending) queue.push(named(event));
  else if (press(named(event))) event.preventDefault();
});

document.addEventListener("htmx:beforeRequest", () => {
  sending = true;
});

// Once for each answer, after it is on the page; a task later, since an error is said only then.
document.addEventListener("htmx:afterRequest", () =>
  setTimeout(() => {
    sending = false;
    if (location.href !== shown) scrollTo(0, 0);
    shown = location.href;
    while (!sending && queue.length > 0) press(/** @type {string} */ (queue.shift()));
  }),
);

document.addEventListener("htmx:sendError", () => {
  queue = [];
  const line = document.getElementById("unsaved");
  if (line) line.hidden = false;
});

addEventListener("beforeunload", (event) => {
  if (typed()) event.preventDefault();
});
