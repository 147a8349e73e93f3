// One polite live region for the whole page: what changed without a hand having moved.
import { make } from "./dom.js";

let region = null;

/** The region must stand in the page before it speaks, or screen readers miss its first words. */
export function prepareVoice() {
  if (region) return;
  region = make("div", "unseen");
  region.setAttribute("role", "status");
  region.id = "voice";
  document.body.append(region);
}

export function announce(text) {
  prepareVoice();
  region.textContent = text;
}
