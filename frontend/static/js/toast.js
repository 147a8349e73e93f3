// One short sentence about what just happened or could not happen.
import { make } from "./dom.js";

const SHOWN_MS = 5_000;

export function toast(text) {
  let stack = document.querySelector(".toasts");
  if (!stack) {
    stack = make("div", "toasts");
    stack.setAttribute("role", "status");
    document.body.append(stack);
  }
  const note = make("p", "toast", text);
  stack.append(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}
