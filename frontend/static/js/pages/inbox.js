// The merchant's desk: list, thread, composer, side panel, and the keys that move between them.
import { page } from "../page.js";
import { get, post } from "../api.js";
import { byId, calm } from "../dom.js";
import { ConversationStore } from "../conversation-store.js";
import { People } from "../people.js";
import { ReadMarks } from "../read-marks.js";
import { chatLine } from "../chat-line.js";
import { learnLabels } from "../conversation-card.js";
import { socketOf } from "../live.js";
import { keepFresh } from "../relative-time.js";
import { useLightbox } from "../lightbox.js";
import { watchNetwork } from "../network-banner.js";

import { toast } from "../toast.js";
import { followContacts } from "../contact-names.js";
import { commandBar } from "../command-bar.js";
import { deskCommands } from "../desk-commands.js";
import { deskLayout } from "../inbox-layout.js";
import { deskList } from "../desk-list.js";
import { deskNews } from "../desk-news.js";
import { threadDesk } from "../thread-desk.js";
import "../message-list.js";
import "../message-composer.js";
import "../conversation-list.js";

const list = document.querySelector("conversation-list");
const composer = document.querySelector("message-composer");
const messages = document.querySelector("message-list");
const me = page.me.id;

const people = new People();
const store = new ConversationStore({ me, side: "merchant" });
people.learn(...page.team, page.me);

const line = chatLine({ list: messages, people, side: "merchant", me, store, address: () => socketOf(me) });
const { live, thread, outbox, typing } = line;
const isWatching = () => document.visibilityState === "visible" && document.hasFocus();

const view = {
  side: "merchant", me, people, isWatching,
  openId: page.open?.id ?? null,
  href: (id) => `/inbox/${id}`,
  isTyping: (id) => typing.has(id, store.get(id)?.customer_id),
  draft: () => "",
};
list.use({ store, view });

const learn = (conversations) => conversations.forEach((one) => people.learn(one.customer, one.merchant));
const askedSeq = () => Number(new URLSearchParams(location.search).get("seq")) || 0;
const current = () => (view.openId ? store.get(view.openId) : null);

const draw = calm(() => {
  learn(store.all);
  list.draw();
  desk.selection.keep();
  talk.drawOpen();
  news.drawBadge();
}, 0);

const marks = new ReadMarks({
  look: () => ({ id: view.openId, seq: thread.current?.store.lastSeq ?? 0, isSeen: messages.isAtBottom }),
  say(id, seq) {
    store.markRead(id, "merchant", seq);
    news.seen(id);
    if (!live.send({ type: "read", conversation_id: id, seq })) post(`/conversations/${id}/read`, { seq }).catch(() => {});
    draw();
  },
});

async function fetchConversation(id) {
  const one = await get(`/conversations/${id}`);
  store.put([one], { isInView: store.fits(one) });
  return one;
}

/** `seq`: a message to go to. */
export async function open(id, { isNew = true, focus = true, seq = 0 } = {}) {
  view.openId = id;
  let one;
  try {
    one = store.get(id) ?? (await fetchConversation(id));
  } catch (error) {
    view.openId = null;
    return toast(error.message);
  }
  if (view.openId !== id) return undefined;
  if (isNew && location.pathname !== `/inbox/${id}`) history.pushState({ id }, "", `/inbox/${id}`);
  layout.showThread();
  talk.begin(one);
  draw();
  list.reveal(id);
  try {
    await thread.open(one);
    if (seq && view.openId === id) await thread.jumpTo(seq);
  } catch (error) {
    return toast(error.message);
  }
  draw();
  marks.check();
  if (focus && matchMedia("(min-width: 768px) and (hover: hover)").matches) composer.textarea.focus();
  return undefined;
}

function close() {
  view.openId = null;
  thread.close();
  talk.close();
  layout.showList();
  if (location.pathname !== "/inbox") history.pushState({}, "", "/inbox");
  draw();
}

/** Whoever marks the open conversation as unread leaves it, or it would be read at once. */
function leaveUnread(ids) {
  marks.leave(ids);
  if (ids.includes(view.openId)) close();
}

const desk = deskList({ list, store, view, draw, leave: leaveUnread });
const news = deskNews({ people, view, store, open, isAtBottom: () => messages.isAtBottom });
const talk = threadDesk({ line, store, people, view, current, messages, composer, draw, desk, open });
const layout = deskLayout({ close });

list.addEventListener("choose", ({ detail }) => open(detail));
messages.addEventListener("bottom", marks.check);

live.addEventListener("message", async ({ detail }) => {
  const isOpen = detail.conversation_id === view.openId && isWatching() && messages.isAtBottom;
  if (!store.hear(detail, { isOpen })) await fetchConversation(detail.conversation_id).catch(() => {});
  if (detail.seq === 1) desk.head.recount();
  news.hear(detail);
  marks.check();
  draw();
});
live.addEventListener("conversation", ({ detail }) => {
  store.put([detail.conversation], { isInView: true });
  desk.head.recount();
  draw();
});
followContacts({ live, store, draw });
for (const type of ["read", "online_users", "status"]) live.addEventListener(type, draw);
line.onTyping = draw;
thread.addEventListener("asides", draw);
outbox.addEventListener("sent", draw);
live.addEventListener("ready", () => {
  marks.forget();
  desk.head.recount();
  if (live.wasReady) list.refresh().then(draw);
  live.wasReady = true;
});
live.addEventListener("labels", ({ detail }) => {
  learnLabels(detail.labels);
  list.refresh().then(draw);
});
live.addEventListener("signed-out", () => location.assign("/sign-in"));
globalThis.addEventListener("popstate", () => {
  const id = location.pathname.match(/^\/inbox\/(\d+)$/)?.[1];
  if (id) open(id, { isNew: false, seq: askedSeq() });
  else close();
});

const { items, selection, state, views, toggleResolved } = desk;
const { write } = layout.useKeys({ open, list, composer, view, items, selection, actions: { toggleResolved } });
layout.useSearch({ list });
commandBar(deskCommands({ view, current, items, state, views, open, list, ask: views.ask, actions: { write }, menuAt: (label, make) => layout.menuAt(list, view, label, make) }));
keepFresh();
useLightbox();
watchNetwork(byId("network"), live);
learn(page.conversations.results);
if (page.open) store.put([page.open], { isInView: false });
desk.begin().then(draw);
if (page.open) open(page.open.id, { isNew: false, focus: false, seq: askedSeq() });
live.start();
outbox.resume();
