// Initials on a colour that stays with the person, or the picture that they chose.
import { make, setText } from "./dom.js";
import { t } from "./page.js";

const HUES = 12; // as many as css/tokens.css has
const VISITOR = /^visitor-b\d+$/;
const DELETED = /^deleted [abm]\d+$/; // with a space: nobody can choose it
const DEFAULT = /\/avatars\/default[^/]*$/; // the server's stand-ins; ours are drawn here
const WIDE = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]/;

/** One sign for a Chinese name, up to two letters otherwise. */
export function initials(name) {
  const first = [...name.trim()][0] ?? "?";
  if (WIDE.test(first)) return first;
  const words = name.trim().split(/[\s._-]+/).filter(Boolean);
  return words.slice(0, 2).map((word) => [...word][0]).join("").toUpperCase() || "?";
}

/** 0…11, the same for an id on every device. */
export function hue(id) {
  let sum = 7;
  for (const sign of String(id)) sum = (sum * 31 + sign.codePointAt(0)) % 100_003;
  return sum % HUES;
}

/** What a person is called. Visitors have no name yet: their number's end tells two of them apart. */
export function nameOf(person) {
  if (DELETED.test(person?.username ?? "")) return t("Deleted user");
  const name = person?.display_name || person?.username || person?.id || "";
  return VISITOR.test(name) ? t("Visitor {number}", { number: name.slice(-4) }) : name;
}

/** Fills an `.avatar` node. `presence` is "online", "offline" or nothing. */
export function fillAvatar(node, person, presence) {
  node.dataset.hue = hue(person.id ?? "");
  if (presence) node.dataset.presence = presence;
  else delete node.dataset.presence;
  const hasOwn = person.avatar && !DEFAULT.test(person.avatar);
  if (!hasOwn) return setText(node, initials(nameOf(person)));
  if (node.firstElementChild?.src === person.avatar) return undefined;
  const picture = make("img");
  picture.alt = "";
  picture.onerror = () => setText(node, initials(nameOf(person)));
  picture.src = person.avatar;
  node.replaceChildren(picture);
  return undefined;
}

/** Avatars that the server left empty: it knows who, this file knows how they look. */
export function fillAll(root = document) {
  for (const node of root.querySelectorAll(".avatar[data-person]")) {
    fillAvatar(node, { id: node.dataset.person, display_name: node.dataset.name, avatar: node.dataset.picture }, node.dataset.presence);
  }
}
