// What the search box finds: conversations of buyers of that name first, then messages with the words marked.
import { get, query } from "./api.js";
import { make, part, setText } from "./dom.js";
import { t } from "./page.js";
import { cardNode, fillCard } from "./conversation-card.js";
import { fillAvatar, nameOf } from "./avatar.js";
import { setAgo } from "./relative-time.js";
import { marked } from "./snippets.js";

const MOST_NAMES = 6;
const MOST_MESSAGES = 30;

/** The nodes that stand in the list while one searches; none when nothing was found. */
export async function searchResults(words, { store, view }) {
  const [named, said] = await Promise.all([
    get(`/conversations/${query({ q: words, page_size: MOST_NAMES, merchant_id: store.filter.merchant })}`),
    get(`/search/${query({ q: words, page_size: MOST_MESSAGES, merchant_id: store.filter.merchant })}`).catch(() => ({ results: [], count: 0 })),
  ]);
  store.put([...named.results, ...said.results.map((hit) => hit.conversation)], { isInView: false });
  const people = named.results.map((one) => nameHit(one, words, view));
  const hits = said.results.map((hit) => messageHit(hit, words, view));
  return [
    ...(people.length ? [heading(t("Buyers")), ...people] : []),
    ...(hits.length ? [heading(t("Messages")), ...hits] : []),
  ];
}

function heading(text) {
  return make("h3", "results-of", text);
}

function nameHit(one, words, view) {
  const node = cardNode();
  fillCard(node, one, view);
  part(node, "pick")?.parentElement.remove();
  part(node, "name").replaceChildren(...marked(view.titleOf?.(one) ?? nameOf(one.customer), words));
  return node;
}

function messageHit({ message, conversation, snippet }, words, view) {
  const node = cardNode();
  node.dataset.id = conversation.id;
  part(node, "way").href = view.href(conversation.id);
  part(node, "pick")?.parentElement.remove();
  fillAvatar(part(node, "avatar"), conversation.customer, view.people.presence(conversation.customer_id));
  setText(part(node, "name"), view.titleOf?.(conversation) ?? nameOf(conversation.customer));
  setAgo(part(node, "time"), message.created_at);
  part(node, "preview").replaceChildren(...marked(snippet ?? message.content, words));
  part(node, "unread").hidden = true;
  if (conversation.id === view.openId) node.setAttribute("aria-current", "true");
  return node;
}
