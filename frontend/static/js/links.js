// Addresses in a message become links; everything else stays the text that it is.
import { make } from "./dom.js";

const ADDRESS = /\bhttps?:\/\/[^\s<>"'，。！？；：）】》”’]+/gi;
const TRAILING = /[.,!?;:)\]]+$/;

/** `text` as nodes. Only http and https: a `javascript:` address is just text. */
export function linked(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(TRAILING, "");
    if (!URL.canParse(address)) continue;
    nodes.push(text.slice(at, match.index));
    const link = make("a", "", address);
    link.href = address;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    nodes.push(link);
    at = match.index + address.length;
  }
  nodes.push(text.slice(at));
  return nodes.filter((node) => node !== "");
}
