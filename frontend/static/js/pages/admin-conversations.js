// The admin's wall: every conversation, moving as people write. Nothing here can write: no composer, no outbox.
import { page, t } from "../page.js";
import { get } from "../api.js";
import { byId, calm, setText } from "../dom.js";
import { ConversationStore } from "../conversation-store.js";
import { People } from "../people.js";
import { chatLine } from "../chat-line.js";
import { socketOf } from "../live.js";
import { fillHeader, fillSide } from "../inbox-side.js";
import { wallLayout } from "../wall-layout.js";
import { keepFresh } from "../relative-time.js";
import { nameOf } from "../avatar.js";
import { toast } from "../toast.js";
import { useLightbox } from "../lightbox.js";
import { watchNetwork } from "../network-banner.js";
import "../message-list.js";
import "../conversation-list.js";

const list = document.querySelector("conversation-list");
const messages = document.querySelector("message-list");
const me = page.me.id;

const people = new People();
const store = new ConversationStore({ me, side: "admin" });
people.learn(...page.team, page.me);
const line = chatLine({
  list: messages, people, side: "admin", me, store, canWrite: false,
  address: () => socketOf(me),
});
const { live, thread, typing } = line;

const view = {
  side: "admin", me, people,
  openId: page.open?.id ?? null,
  href: (id) => `/admin/conversations/${id}`,
  isTyping: (id) => typing.has(id),
  isWatching: () => false,
  draft: () => "",
  emptyText: () => t("No conversation matches. Change the filters above, or wait: the list updates by itself."),
  titleOf: (one) => t("{buyer} with {shop}", { buyer: nameOf(one.customer), shop: nameOf(one.merchant) }),
};
list.use({ store, view });
const current = () => (view.openId ? store.get(view.openId) : null);

const draw = calm(() => {
  for (const one of store.all) people.learn(one.customer, one.merchant);
  list.draw();
  const one = current();
  if (!one) return;
  byId("thread-shop").href = `/admin/users/${one.merchant_id}`;
  setText(byId("thread-shop").lastElementChild, nameOf(one.merchant));
  fillHeader(byId("thread-header"), one, { people, me, isTyping: typing.has(one.id) });
  fillSide(byId("side"), one, { people, notes: thread.current?.notes ?? [], canEdit: false });
  messages.setTyping(typing.has(one.id), t("{who} is typing", { who: nameOf(one.customer) }));
}, 30);

async function fetchOne(id) {
  const one = await get(`/conversations/${id}`);
  store.put([one], { isInView: store.fits(one) });
  return one;
}

async function open(id, { isNew = true } = {}) {
  view.openId = id;
  try {
    const one = store.get(id) ?? (await fetchOne(id));
    if (view.openId !== id) return;
    if (isNew && location.pathname !== view.href(id)) history.pushState({ id }, "", view.href(id));
    layout.showThread();
    draw();
    await thread.open(one);
    draw();
  } catch (error) {
    toast(error.message);
  }
}

function close() {
  view.openId = null;
  thread.close();
  layout.showList();
  if (location.pathname !== "/admin/conversations") history.pushState({}, "", "/admin/conversations");
  draw();
}

const layout = wallLayout({ open, close, list, view, draw });
list.addEventListener("choose", ({ detail }) => open(detail));
live.addEventListener("message", async ({ detail }) => {
  // Asked for by itself, a conversation would stand in the audit log as one that was opened.
  if (!store.hear(detail)) await list.refresh();
  draw();
});
live.addEventListener("conversation", ({ detail }) => {
  store.put([detail.conversation]);
  draw();
});
for (const type of ["read", "online_users", "status", "typing"]) live.addEventListener(type, draw);
thread.addEventListener("asides", draw);
line.onTyping = draw;
live.addEventListener("ready", () => list.refresh().then(draw));
live.addEventListener("signed-out", () => location.assign("/sign-in"));
globalThis.addEventListener("popstate", () => {
  const id = location.pathname.match(/\/(\d+)$/)?.[1];
  if (id) open(id, { isNew: false });
  else close();
});

keepFresh();
useLightbox();
watchNetwork(byId("network"), live);
if (page.open) store.put([page.open], { isInView: false });
list.show(layout.filter(), page.conversations).then(draw);
if (page.open) open(page.open.id, { isNew: false });
live.start();
