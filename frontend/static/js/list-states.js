// What stands where cards will be: while they are fetched, and when there are none.
import { clone, setText } from "./dom.js";

const MANY = 8; // as many as fit on most screens

export const skeletons = () => Array.from({ length: MANY }, () => clone("skeleton-template"));

/** One sentence and a picture of `icons.svg`. */
export function emptyNode(text, symbol) {
  const node = clone("empty-template");
  const use = node.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${symbol}`));
  setText(node.querySelector("p"), text);
  return node;
}
