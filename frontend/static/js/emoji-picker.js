// Emoji by a button and by ":name". The list of them is fetched when somebody wants the first one.
import { make, part } from "./dom.js";
import { useMenu } from "./menu.js";
import { locale, t } from "./page.js";
import { readJson } from "./storage.js";

const ADDRESS = new URL("../emoji.json", import.meta.url).pathname;
const BEFORE_CARET = /(?:^|[\s\p{Script=Han}，。！？])[:：]([\p{L}\p{N}_+-]{1,24})$/u;
const RECENT = "parley.emoji";
const MOST_RECENT = 16;
const MOST_SHOWN = 12;

let fetched = null;

/** [{sign, en, zh, group}]; empty when it could not be fetched. */
async function all() {
  fetched ??= fetch(ADDRESS).then((answer) => answer.json()).then((groups) => groups.flatMap(({ en: group, zh: gruppe, of }) => of.map(([sign, en, zh]) => ({ sign, en, zh, group: locale.startsWith("zh") ? gruppe : group }))));
  return fetched.catch(() => {
    fetched = null;
    return [];
  });
}

/** Names that begin with the words first. Pure. */
export function fitting(emoji, words) {
  const wanted = words.toLowerCase().replaceAll("_", " ");
  const names = (one) => [...one.en.split(", "), ...one.zh.split("、")];
  const first = emoji.filter((one) => names(one).some((name) => name.startsWith(wanted)));
  return [...first, ...emoji.filter((one) => !first.includes(one) && names(one).some((name) => name.includes(wanted)))];
}

const nameOf = (one) => (locale.startsWith("zh") ? one.zh : one.en).split(/, |、/)[0];
const recent = () => readJson(localStorage, RECENT, []);
const remember = (sign) => localStorage.setItem(RECENT, JSON.stringify([sign, ...recent().filter((one) => one !== sign)].slice(0, MOST_RECENT)));

/** A source for `Suggestions`. */
export function emojiByName() {
  return {
    find(text, caret) {
      const match = text.slice(0, caret).match(BEFORE_CARET);
      return match && { words: match[1], from: caret - match[1].length - 1 };
    },
    load: async (words) => fitting(await all(), words).slice(0, MOST_SHOWN),
    nodes: (one) => [make("span", "sign", one.sign), make("span", "", nameOf(one))],
    take: (one) => one.sign,
    taken: (one) => remember(one.sign),
  };
}

/** The panel of the composer's button. `put(sign)` writes it. */
export function useEmojiPanel(root, put) {
  const panel = part(root, "emoji-panel") ?? root.querySelector(".emoji-panel");
  const button = part(root, "emoji");
  const grid = part(panel, "emoji-grid");
  const search = part(panel, "emoji-search");
  useMenu(panel, () => button);

  async function draw() {
    const emoji = await all();
    const words = search.value.trim();
    grid.replaceChildren();
    if (emoji.length === 0) return grid.append(make("p", "quiet", t("The emoji could not be fetched.")));
    const last = recent();
    const sections = words ? [["", fitting(emoji, words)]] : [...(last.length ? [[t("Last used"), emoji.filter((one) => last.includes(one.sign))]] : []), ...groups(emoji)];
    for (const [name, members] of sections) {
      if (name) grid.append(make("p", "group", name));
      const row = make("div", "signs");
      row.append(...members.map(signNode));
      grid.append(row);
    }
    if (words && sections[0][1].length === 0) grid.append(make("p", "quiet", t("No emoji with this name.")));
    return undefined;
  }

  button.addEventListener("click", () => {
    search.value = "";
    panel.showPopover();
    search.focus();
    draw();
  });
  search.addEventListener("input", draw);
  grid.addEventListener("click", (event) => {
    const sign = event.target.closest("[data-sign]")?.dataset.sign;
    if (!sign) return;
    remember(sign);
    panel.hidePopover();
    put(sign);
  });
}

function groups(emoji) {
  const found = new Map();
  for (const one of emoji) found.set(one.group, [...(found.get(one.group) ?? []), one]);
  return [...found];
}

function signNode(one) {
  const node = make("button", "", one.sign);
  node.type = "button";
  node.dataset.sign = one.sign;
  node.setAttribute("aria-label", nameOf(one));
  node.title = nameOf(one);
  return node;
}
