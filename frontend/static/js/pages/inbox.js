// The merchant's desk: list, thread, composer, side panel, and the keys that move between them.
import { page, t } from "../page.js";
import { get, post } from "../api.js";
import { calm, setText } from "../dom.js";
import { ConversationStore } from "../conversation-store.js";
import { Drafts } from "../drafts.js";
import { People } from "../people.js";
import { ReadMarks } from "../read-marks.js";
import { TypingTeller } from "../typing.js";
import { chatLine } from "../chat-line.js";
import { fillHeader, fillSide } from "../inbox-side.js";
import { keepFresh } from "../relative-time.js";
import { useLightbox } from "../lightbox.js";
import { watchNetwork } from "../network-banner.js";
import { badge } from "../title-badge.js";
import { nameOf } from "../avatar.js";
import { toast } from "../toast.js";
import { deskActions } from "../inbox-actions.js";
import { deskLayout } from "../inbox-layout.js";
import "../message-list.js";
import "../message-composer.js";
import "../conversation-list.js";

const byId = (id) => document.getElementById(id);
const list = document.querySelector("conversation-list");
const composer = document.querySelector("message-composer");
const messages = document.querySelector("message-list");
const me = page.me.id;

const people = new People();
const drafts = new Drafts(me);
const store = new ConversationStore({ me, side: "merchant" });
people.learn(...page.team, page.me);
drafts.sweep();

const line = chatLine({ list: messages, people, side: "merchant", me, store, address: () => new URL(`/ws/${me}`, location.href.replace(/^http/, "ws")).href });
const { live, thread, outbox, typing } = line;
const isWatching = () => document.visibilityState === "visible" && document.hasFocus();

const view = {
  side: "merchant", me, people, isWatching,
  openId: page.open?.id ?? null,
  href: (id) => `/inbox/${id}`,
  isTyping: (id) => typing.has(id),
  draft: (id) => (id === view.openId ? "" : drafts.get(id)),
  emptyText: ({ assignee }) => (assignee === "me" ? t("Nothing is assigned to you. Look under Unassigned.") : assignee === "none" ? t("Everything is assigned. Well done.") : t("No conversations here.")),
};
list.use({ store, view });

const learn = (conversations) => conversations.forEach((one) => people.learn(one.customer, one.merchant));
const current = () => (view.openId ? store.get(view.openId) : null);

const draw = calm(() => {
  learn(store.all);
  list.draw();
  drawOpen();
  const unread = store.unread;
  badge(unread, current() ? `${nameOf(current().customer)} · Parley` : undefined);
  byId("rail-unread").hidden = unread === 0;
  setText(byId("rail-unread"), unread > 99 ? "99+" : String(unread));
}, 0);

function drawOpen() {
  const one = current();
  if (!one) return;
  fillHeader(byId("thread-header"), one, { people, me, isTyping: typing.has(one.id) });
  fillSide(byId("side"), one, { people, notes: thread.current?.notes ?? [], onRemoveLabel: actions.removeLabel });
  messages.setTyping(typing.has(one.id), t("{who} is typing", { who: nameOf(one.customer) }));
}

const marks = new ReadMarks({
  look: () => ({ id: view.openId, seq: thread.current?.store.lastSeq ?? 0, isSeen: messages.isAtBottom }),
  say(id, seq) {
    store.markRead(id, "merchant", seq);
    if (!live.send({ type: "read", conversation_id: id, seq })) post(`/conversations/${id}/read`, { seq }).catch(() => {});
    draw();
  },
});
const teller = new TypingTeller((on) => live.send({ type: "typing", conversation_id: view.openId, on }));

async function fetchConversation(id) {
  const one = await get(`/conversations/${id}`);
  store.put([one], { isInView: store.fits(one) });
  return one;
}

export async function open(id, { isNew = true, focus = true } = {}) {
  teller.stop();
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
  composer.setMode("reply");
  composer.variables = { "buyer.name": nameOf(one.customer), "agent.name": nameOf(page.me) };
  composer.open(drafts.get(id), t("Write to {name} — “/” for quick replies", { name: nameOf(one.customer) }));
  draw();
  list.reveal(id);
  try {
    await thread.open(one);
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
  layout.showList();
  if (location.pathname !== "/inbox") history.pushState({}, "", "/inbox");
  draw();
}

const actions = deskActions({ current, store, thread, draw, toast, post });
const layout = deskLayout({ close });

list.addEventListener("choose", ({ detail }) => open(detail));
messages.addEventListener("bottom", marks.check);
composer.addEventListener("typing", () => teller.touch());
composer.addEventListener("draft", ({ detail }) => view.openId && drafts.set(view.openId, detail.mode, detail.text));
composer.addEventListener("mode", ({ detail }) => composer.open(drafts.get(view.openId, detail)));
composer.addEventListener("write", ({ detail: { content, attachments, mode } }) => {
  teller.stop();
  if (mode === "note") return actions.addNote(content, (text) => composer.open(text));
  thread.current.dividerAfter = null;
  return line.write({ conversationId: view.openId, sender: me, role: "merchant", content, attachments });
});

live.addEventListener("message", async ({ detail }) => {
  const isOpen = detail.conversation_id === view.openId && isWatching() && messages.isAtBottom;
  if (!store.hear(detail, { isOpen })) await fetchConversation(detail.conversation_id).catch(() => {});
  marks.check();
  draw();
});
live.addEventListener("conversation", ({ detail }) => {
  store.put([detail.conversation], { isInView: true });
  actions.recount();
  draw();
});
for (const type of ["read", "online_users", "status"]) live.addEventListener(type, draw);
line.onTyping = draw;
thread.addEventListener("asides", draw);
outbox.addEventListener("sent", draw);
live.addEventListener("ready", () => {
  marks.forget();
  actions.recount();
  if (live.wasReady) list.refresh().then(draw);
  live.wasReady = true;
});
live.addEventListener("signed-out", () => location.assign("/sign-in"));
globalThis.addEventListener("popstate", () => {
  const id = location.pathname.match(/^\/inbox\/(\d+)$/)?.[1];
  if (id) open(id, { isNew: false });
  else close();
});

layout.useKeys({ open, list, composer, view, actions });
layout.useTabs({ list, draw: () => (actions.recount(), draw()) });
keepFresh();
useLightbox();
watchNetwork(byId("network"), live);
learn(page.conversations.results);
if (page.open) store.put([page.open], { isInView: false });
list.show(page.filter, page.conversations).then(draw);
if (page.open) open(page.open.id, { isNew: false, focus: false });
live.start();
outbox.resume();
