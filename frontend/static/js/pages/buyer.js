// The buyer's page: a home with one's own conversations. Full page, or in a shop's frame. What it takes to talk comes with
// the first press (widget/talk.js).
import { page, t } from "../page.js";
import { BuyerSession } from "../buyer-session.js";
import { byId, calm, setText } from "../dom.js";
import { Drafts } from "../drafts.js";
import { greeted, tellShop } from "../frame.js";
import { fillAvatar } from "../avatar.js";
import { People } from "../people.js";
import { keepFresh } from "../relative-time.js";
import { isKept, storage } from "../storage.js";
import { badge } from "../title-badge.js";
import { toast } from "../toast.js";
import { useChoices } from "../widget/choices.js";
import { comeBack, enter, keepLanguage } from "../widget/entering.js";
import { Home } from "../widget/home.js";
import { stateOf } from "../widget/hours.js";
import { OwnConversations } from "../widget/own-conversations.js";
import { followOtherTabs, obeyShop } from "../widget/shop-words.js";

const { shop, widget } = page;
const chat = byId("chat");
const root = document.documentElement;

const session = new BuyerSession(shop.id);
const hello = page.isPreview ? { isOpen: true, page: null } : await greeted();
if (!isKept) storage.mirror(hello.kept, (values) => tellShop("keep", { values }));
if (!page.isPreview && keepLanguage()) await new Promise(() => {}); // the page is on its way in the other language
await enter(session, hello);

const people = new People({ support: shop.name, automatic: shop.name });
const drafts = new Drafts(shop.id);
const own = new OwnConversations({ shopId: shop.id });
people.learn({ id: shop.id, display_name: shop.name, avatar: shop.avatar });
if (shop.online) people.setOnline([shop.id]);
const home = new Home({ shop, own, people });
const shell = { shop, widget, session, own, people, drafts, draw: calm(draw, 0), look, isFolded: () => root.classList.contains("folded") };
let talk = null;
let shown = hello.page;
let coming = null;

/** The thread's modules, once. */
function talking() {
  coming ??= import("../widget/talk.js").then(({ beginTalk }) => {
    talk = beginTalk(shell);
    talk.see(shown);
    return talk;
  }, (error) => {
    coming = null; // the next press tries again
    toast(t("The network is away."));
    throw error;
  });
  return coming;
}

function draw() {
  home.draw({ isTyping: (id) => talk?.isTyping(id), draftOf: (id) => drafts.get(id) });
  const isOnline = people.isOnline(shop.id);
  for (const node of document.querySelectorAll("[data-shop-avatar]")) fillAvatar(node, people.get(shop.id), isOnline ? "online" : "offline");
  for (const node of document.querySelectorAll("[data-shop-state]")) setText(node, stateOf(shop, isOnline));
  talk?.draw();
  choices.show({ conversation: own.get(talk?.currentId()), isKnown: session.isKnown });
  badge(own.unread);
  tellShop("unread", { count: own.unread, known: session.isKnown && own.all.length > 0 });
}

function look(view) {
  chat.dataset.view = view;
  if (view !== "thread") talk?.leave();
}

function goHome() {
  look("home");
  shell.draw();
  byId("start").focus();
}

const choices = useChoices({ session, currentId: () => talk?.currentId(), email: () => talk?.told().email, startNew: () => talking().then((one) => one.start(null)) });

byId("start").addEventListener("click", async () => (await talking()).start());
for (const type of ["pointerenter", "focus"]) byId("start").addEventListener(type, talking, { once: true });
for (const button of document.querySelectorAll("[data-home]")) button.addEventListener("click", goHome);
byId("own-list").addEventListener("click", async (event) => {
  const card = event.target.closest("[data-id]");
  if (card) (await talking()).open(own.get(card.dataset.id));
});
for (const button of document.querySelectorAll("[data-close-frame]")) button.addEventListener("click", () => tellShop("close"));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open], :popover-open")) tellShop("close");
});
obeyShop({
  session,
  threadId: () => talk?.currentId(),
  see(seen) {
    shown = seen;
    talk?.see(seen);
  },
  opened(id) {
    if (talk && own.get(id)) return talk.open(own.get(id));
    talk?.marks.check();
    return (chat.dataset.view === "thread" ? talk.composer.textarea : byId("start")).focus();
  },
  send: async (text) => (await talking()).send(text),
});
followOtherTabs(shop.id);

keepFresh();
home.drawTeam(widget);
if (!hello.isOpen) root.classList.add("folded");
if (page.isPreview) import("../widget/preview.js").then(({ showPreview }) => showPreview({ shop, widget, home, draw }));
draw();
const returned = comeBack.to();
if (!page.isPreview && (session.isKnown || session.hasUnsent)) {
  const one = await talking();
  await one.comeIn();
  const first = one.outbox.drafts.find(({ conversation_id: id }) => !id || own.get(id)?.last_seq === 0); // of a conversation, and unsent
  if (returned && own.get(returned)) one.open(own.get(returned));
  else if (first) one.open(own.get(first.conversation_id));
}
byId("start").disabled = false; // before this a press would have been in vain
if (page.isFrame && !page.isPreview && hello.isOpen && chat.dataset.view === "home") byId("start").focus();
