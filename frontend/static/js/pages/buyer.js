// The buyer's side: a home with one's own conversations, and a thread. Full page, or in a shop's frame.
import { page, t } from "../page.js";
import { get, post, query } from "../api.js";
import { arrange, calm, setText } from "../dom.js";
import { BuyerSession } from "../buyer-session.js";
import { ConversationStore, lastTime } from "../conversation-store.js";
import { Drafts } from "../drafts.js";
import { People } from "../people.js";
import { ReadMarks } from "../read-marks.js";
import { TypingTeller } from "../typing.js";
import { cardNode, fillCard } from "../conversation-card.js";
import { chatLine } from "../chat-line.js";
import { fillAvatar } from "../avatar.js";
import { hearShop, tellShop } from "../frame.js";
import { dayName, keepFresh } from "../relative-time.js";
import { useLightbox } from "../lightbox.js";
import { watchNetwork } from "../network-banner.js";
import { badge } from "../title-badge.js";
import { useThemeSwitch } from "../theme.js";
import "../message-list.js";
import "../message-composer.js";

const byId = (id) => document.getElementById(id);
const { shop } = page;
const chat = byId("chat");
const composer = document.querySelector("message-composer");
const messages = document.querySelector("message-list");

const session = new BuyerSession();
const people = new People({ support: shop.name });
const drafts = new Drafts(shop.id);
const store = new ConversationStore({ me: session.userId, side: "buyer" });
people.learn({ id: shop.id, display_name: shop.name, avatar: shop.avatar });
if (shop.online) people.setOnline([shop.id]);

const line = chatLine({
  list: messages, people, side: "buyer", me: session.userId ?? "me", store, session,
  owner: `buyer.${shop.id}`,
  address: () => new URL(`/ws/${session.userId}`, location.href.replace(/^http/, "ws")).href,
  prepare,
});
const { live, thread, outbox, typing } = line;

/** The first message brings the person and the conversation into being; all others find them. */
async function prepare(draft) {
  await session.token();
  if (draft.conversation_id) return draft;
  const conversation = await post("/conversations/", { merchant_id: shop.id });
  take([conversation]);
  thread.begin(conversation);
  if (live.state === "idle") live.start();
  return { ...draft, conversation_id: conversation.id };
}

const view = {
  side: "buyer", people,
  get me() { return session.userId; },
  openId: null,
  href: () => "#",
  isTyping: (id) => typing.has(id),
  isWatching: () => true,
  draft: (id) => drafts.get(id),
  titleOf: (one) => (one.status === "resolved" ? t("Finished: {day}", { day: dayName(lastTime(one)) }) : t("Our conversation")),
};

function take(conversations) {
  store.put(conversations.filter((one) => one.merchant_id === shop.id));
  for (const one of conversations) people.learn(one.customer);
  draw();
}

const openOne = () => store.visible.find((one) => one.status !== "resolved");
const cards = new Map();

const draw = calm(() => {
  const own = store.visible;
  byId("own").hidden = own.length === 0;
  arrange(byId("own-list"), own.map((one) => {
    const node = cards.get(one.id) ?? cardNode();
    cards.set(one.id, node);
    fillCard(node, one, view);
    return node;
  }));
  setText(byId("start").querySelector(".words"), openOne() ? t("Continue the conversation") : t("Start a conversation"));
  const isOnline = people.isOnline(shop.id);
  for (const node of document.querySelectorAll("[data-shop-avatar]")) fillAvatar(node, people.get(shop.id), isOnline ? "online" : "offline");
  for (const node of document.querySelectorAll("[data-shop-state]")) setText(node, isOnline ? t("We are online and usually reply within minutes") : t("We are away. Write to us, we reply as soon as we are back"));
  setText(byId("thread-state"), typing.has(thread.id) ? t("typing…") : isOnline ? t("online") : t("away, replies later"));
  messages.setTyping(typing.has(thread.id), t("{who} is typing", { who: shop.name }));
  const unread = own.reduce((sum, one) => sum + one.customer_unread, 0);
  badge(unread);
  tellShop("unread", { count: unread, known: session.isKnown });
}, 0);

const isSeen = () => chat.dataset.view === "thread" && messages.isAtBottom && !document.documentElement.classList.contains("folded");
const marks = new ReadMarks({
  look: () => ({ id: thread.id === "new" ? null : thread.id, seq: thread.current?.store.lastSeq ?? 0, isSeen: isSeen() }),
  say(id, seq) {
    store.markRead(id, "customer", seq);
    if (!live.send({ type: "read", conversation_id: id, seq })) post(`/conversations/${id}/read`, { seq }).catch(() => {});
    draw();
  },
});
const teller = new TypingTeller((on) => thread.id && thread.id !== "new" && live.send({ type: "typing", conversation_id: thread.id, on }));

async function open(one) {
  chat.dataset.view = "thread";
  view.openId = one?.id ?? null;
  composer.open(drafts.get(one?.id ?? null));
  byId("greeting").hidden = Boolean(one) || !shop.greeting;
  if (one) await thread.open(one).catch(() => {});
  else thread.openNew();
  marks.check();
  draw();
  composer.textarea.focus();
}

function home() {
  teller.stop();
  thread.close();
  view.openId = null;
  chat.dataset.view = "home";
  draw();
  byId("start").focus();
}

async function load() {
  const list = await get(`/conversations/${query({ merchant_id: shop.id, page_size: 50 })}`).catch(() => null);
  if (list) take(list.results);
}

byId("start").addEventListener("click", () => open(openOne()));
byId("home").addEventListener("click", home);
byId("own-list").addEventListener("click", (event) => {
  const card = event.target.closest("[data-id]");
  event.preventDefault();
  if (card) open(store.get(card.dataset.id));
});
for (const button of document.querySelectorAll("[data-close-frame]")) button.addEventListener("click", () => tellShop("close"));
messages.addEventListener("bottom", marks.check);
composer.addEventListener("typing", () => teller.touch());
composer.addEventListener("draft", ({ detail }) => drafts.set(thread.id === "new" ? null : thread.id, "reply", detail.text));
composer.addEventListener("write", ({ detail: { content, attachments } }) => {
  teller.stop();
  const conversationId = thread.id === "new" ? null : thread.id;
  line.write({ conversationId, sender: session.userId ?? "me", role: "buyer", content, attachments });
});

live.addEventListener("message", async ({ detail }) => {
  const isOpen = detail.conversation_id === thread.id && isSeen() && document.hasFocus();
  if (!store.hear(detail, { isOpen })) await load();
  if (detail.sender_role !== "buyer") tellShop("message", { preview: detail.content.slice(0, 140) });
  marks.check();
  draw();
});
live.addEventListener("conversation", ({ detail }) => take([detail.conversation]));
live.addEventListener("ready", () => {
  marks.forget();
  load();
});
for (const type of ["read", "online_users", "status"]) live.addEventListener(type, draw);
line.onTyping = draw;
hearShop(({ parley }) => {
  document.documentElement.classList.toggle("folded", parley === "folded");
  if (parley === "opened") {
    marks.check();
    if (chat.dataset.view === "thread") composer.textarea.focus();
  }
});

keepFresh();
useLightbox();
useThemeSwitch();
watchNetwork(byId("network"), live);
draw();
if (session.isKnown) {
  load();
  live.start();
}
const begun = outbox.drafts.find((draft) => draft.conversation_id === null);
if (begun) open(null);
outbox.resume();
tellShop("ready", { known: session.isKnown });
