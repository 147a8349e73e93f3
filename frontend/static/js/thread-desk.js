// The open conversation at the merchant's desk: header, thread, composer, side panel, and who else is there.
import { BuyerFacts } from "./buyer-facts.js";
import { colleaguesText, Viewing } from "./viewing.js";
import { deskActions } from "./inbox-actions.js";
import { Drafts } from "./drafts.js";
import { fillSide } from "./inbox-side.js";
import { inChargeBanner } from "./in-charge-banner.js";
import { nameOf } from "./avatar.js";
import { openMenu } from "./choice-menu.js";
import { page, t } from "./page.js";
import { byId, part, setText } from "./dom.js";
import { put } from "./api.js";
import { ServerDrafts } from "./server-drafts.js";
import { fillHeader, useThreadHeader } from "./thread-header.js";
import { TypingTeller } from "./typing.js";
import { useMentions } from "./mentions.js";
import { useMessageMenu } from "./message-menu.js";

/** `desk` is the list's side (desk-list.js); `open(id)` goes to a conversation. */
export function threadDesk({ line, store, people, view, current, messages, composer, draw, desk, open }) {
  const { live, thread, typing } = line;
  const me = page.me.id;
  const openId = () => view.openId;
  const local = new Drafts(me);
  const drafts = new ServerDrafts({ local, said: (id, state) => id === openId() && composer.say({ saved: t("Draft saved"), local: t("Draft saved on this device") }[state] ?? "") });
  const facts = new BuyerFacts({ changed: draw });
  const viewing = new Viewing({ live, me, openId, changed: draw });
  const mentions = useMentions({ live, people, openId, changed: draw });
  const actions = deskActions({ current, store, thread, changes: desk.changes, facts });
  const teller = new TypingTeller((on) => live.send({ type: "typing", conversation_id: openId(), on }));
  const drawBanner = inChargeBanner(composer, { people, takeOver: actions.toggleMine, reopen: actions.toggleResolved });
  local.sweep();
  composer.use({ people });
  Object.assign(view, { mentions: mentions.unseen, draft: (id) => (id === openId() ? "" : drafts.get(id)) });
  useThreadHeader({ current, items: desk.items, openMenu, actions, contact: () => facts.of(openId()).contact });
  useMessageMenu({ list: messages, thread, me: () => me, reply: (message) => composer.answer(message), editNote: (note) => composer.edit(note), linkTo: (message) => new URL(`/inbox/${message.conversation_id}?seq=${message.seq}`, location.href).href });

  const saveContact = async (values) => {
    const id = openId();
    facts.setContact(id, await put(`/contacts/${facts.of(id).contact.id}`, values));
  };

  function drawOpen() {
    const one = current();
    if (!one) return;
    for (const person of page.team) person.presence = people.isOnline(person.id) ? (person.availability ?? "online") : "offline";
    const known = facts.of(one.id);
    const isTyping = typing.has(one.id, one.customer_id);
    fillHeader(byId("thread-header"), one, { people, me, isTyping, visit: known.visit });
    fillSide(byId("side"), one, { people, notes: thread.current?.notes ?? [], onRemoveLabel: actions.removeLabel, facts: known, saveContact });
    messages.setTyping(isTyping, t("{who} is typing", { who: nameOf(one.customer) }), typing.textOf(one.id, one.customer_id));
    drawBanner(one);
    setText(part(composer, "colleagues"), colleaguesText(viewing.of(one.id), typing.of(one.id).filter((id) => id !== me && id !== one.customer_id), people));
    if (people.isOnline(one.customer_id)) thread.hearDelivered(one.id);
  }

  /** Before its messages are there: the composer with what was begun, and the facts. */
  function begin(one) {
    teller.stop();
    viewing.tell();
    mentions.seen(one.id);
    composer.setMode("reply");
    composer.variables = { "buyer.name": nameOf(one.customer), "agent.name": nameOf(page.me), "shop.name": nameOf(one.merchant) };
    composer.hints = {
      reply: t("Write to {name} — “/” for quick replies", { name: nameOf(one.customer) }),
      note: t("Write a note for your team — “@” for a colleague"),
    };
    composer.open(drafts.get(one.id));
    drafts.fetch(one.id).then((isNew) => {
      if (isNew && openId() === one.id && !composer.context.note) composer.open(drafts.get(one.id, composer.mode));
    });
    facts.load(one);
  }

  composer.addEventListener("typing", () => teller.touch());
  composer.addEventListener("draft", ({ detail }) => openId() && drafts.set(openId(), detail.mode, detail.text));
  composer.addEventListener("mode", ({ detail }) => openId() && composer.open(drafts.get(openId(), detail)));
  composer.addEventListener("write", ({ detail: { content, attachments, mode, replyTo, note } }) => {
    teller.stop();
    if (mode === "note") return actions.writeNote(content, note, (text) => composer.giveBack(text));
    thread.current.dividerAfter = null;
    return line.write({ conversationId: openId(), sender: me, role: "merchant", content, attachments, reply_to: replyTo });
  });
  byId("side").addEventListener("click", (event) => {
    const id = event.target.closest("a[data-open]")?.dataset.open;
    if (!id || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(id);
  });
  live.addEventListener("availability", ({ detail }) => {
    const person = page.team.find((one) => one.id === detail.user_id);
    if (person) person.availability = detail.availability;
    draw();
  });
  live.addEventListener("visit", ({ detail }) => facts.hearVisit(detail));
  live.addEventListener("message", ({ detail }) => detail.attachments?.length && facts.renewFiles(detail.conversation_id));
  line.onDeleted = (deleted) => {
    facts.renewFiles(deleted.conversation_id);
    draw();
  };
  live.addEventListener("ready", () => drafts.flush());
  globalThis.addEventListener("pagehide", () => teller.stop());

  return { begin, drawOpen, actions, close: () => (teller.stop(), viewing.tell()) };
}
