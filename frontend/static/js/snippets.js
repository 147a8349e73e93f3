// A found text with its words marked, as nodes. Pure but for the nodes.
import { make } from "./dom.js";

/** Parts of `text`: [words, isFound]. Case does not matter; Chinese needs no word boundaries. Pure. */
export function parts(text, words) {
  const wanted = words.split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (wanted.length === 0) return [[text, false]];
  const pattern = new RegExp(`(${wanted.join("|")})`, "giu");
  return text.split(pattern).map((piece, at) => [piece, at % 2 === 1]).filter(([piece]) => piece !== "");
}

export function marked(text, words) {
  return parts(text, words).map(([piece, isFound]) => (isFound ? make("mark", "", piece) : piece));
}
