// "/" at the beginning opens the prepared answers by folder; what follows narrows them.
import { get, post } from "./api.js";
import { icon, make } from "./dom.js";
import { t, tn } from "./page.js";

const MOST_SHOWN = 30;
const VARIABLE = /\{\{\s*([\w.]+)\s*\}\}/g;

/** Those in which every word occurs, title matches first. Pure. */
export function matching(replies, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text) => wanted.every((word) => text.toLowerCase().includes(word));
  const inTitle = replies.filter((reply) => has(`${reply.folder ?? ""} ${reply.title ?? ""}`));
  const inText = replies.filter((reply) => !inTitle.includes(reply) && has(`${reply.title} ${reply.content}`));
  return [...inTitle, ...inText].slice(0, MOST_SHOWN);
}

/** `{{buyer.name}}` and the like, from `values`; what is unknown stays to be seen and filled by hand. Pure. */
export function filled(text, values) {
  return text.replace(VARIABLE, (whole, name) => values[name] || whole);
}

/** The variables that still stand in a text. Pure. */
export function unfilled(text) {
  return [...new Set([...text.matchAll(VARIABLE)].map((match) => match[1]))];
}

async function all() {
  const replies = [];
  for (let page = 1; page <= 10; page += 1) {
    const answer = await get(`/quick-replies/?page_size=100&page=${page}`);
    replies.push(...answer.results);
    if (replies.length >= answer.count || answer.results.length === 0) break;
  }
  return replies;
}

/** A source for `Suggestions`. `values()` fills variables, `attach(files)` puts the answer's files into the tray. */
export function quickReplies({ values, attach }) {
  let known = null;
  const byFolder = (a, b) => (a.folder ?? "").localeCompare(b.folder ?? "") || (b.uses ?? 0) - (a.uses ?? 0);
  return {
    find: (text, caret, mode) => (mode === "reply" && text.startsWith("/") && !text.includes("\n") ? { words: text.slice(1), from: 0 } : null),
    async load(words) {
      known ??= await all().catch(() => null);
      return words.trim() ? matching(known ?? [], words) : [...(known ?? [])].sort(byFolder).slice(0, MOST_SHOWN * 4);
    },
    group: (reply) => reply.folder ?? "",
    nodes(reply) {
      const nodes = [reply.title ? make("strong", "", `${reply.title}  `) : "", make("span", "", reply.content)];
      const count = reply.attachments?.length ?? 0;
      if (count) nodes.push(icon("attach"), make("span", "unseen", tn("1 file", "{n} files", count)));
      return nodes.filter(Boolean);
    },
    empty() {
      const none = make("p", "none", `${t("No quick reply fits.")} `);
      const manage = make("a", "", t("Manage quick replies"));
      manage.href = "/inbox/quick-replies";
      none.append(manage);
      return none;
    },
    take: (reply) => filled(reply.content, values()),
    taken(reply) {
      if (reply.attachments?.length) attach(reply.attachments);
      post(`/quick-replies/${reply.id}/used`, {}).catch(() => {});
      known = null;
    },
  };
}
