// One short sentence about what just happened or could not happen.
import { make } from "./dom.js";

const SHOWN_MS = 5_000;
const LINKED_MS = 9_000; // there is something to reach for

/** Where toasts stand, made with the first. */
export function toastStack() {
  let stack = document.querySelector(".toasts");
  if (!stack) {
    stack = make("div", "toasts");
    stack.setAttribute("role", "status");
    document.body.append(stack);
  }
  return stack;
}

/** `link` {href, label}: where one may go from here. */
export function toast(text, link = null) {
  const note = make("p", "toast", text);
  if (link) {
    const way = make("a", "", link.label);
    way.href = link.href;
    note.append(" ", way);
  }
  toastStack().append(note);
  setTimeout(() => note.remove(), link ? LINKED_MS : SHOWN_MS);
}
