// One conversation in a list: the page's `<template>`, filled.
import { clone, icon, make, part, setText } from "./dom.js";
import { t } from "./page.js";
import { fillAvatar, nameOf } from "./avatar.js";
import { setAgo, setWaiting } from "./relative-time.js";
import { lastTime } from "./conversation-store.js";

export const cardNode = () => clone("card-template");

/** `view` says how the reader sees it: side, me, people, draft(id), isTyping(id), href(id), openId. */
export function fillCard(node, one, view) {
  const shown = JSON.stringify([one, view.openId === one.id, view.isTyping(one.id), view.draft(one.id), view.people.presence(one.customer_id), view.people.presence(one.merchant_id)]);
  if (node.shown === shown) return;
  node.shown = shown;
  node.dataset.id = one.id;
  node.href = view.href(one.id);
  const isCurrent = view.openId === one.id;
  if (isCurrent) node.setAttribute("aria-current", "true");
  else node.removeAttribute("aria-current");
  const other = view.side === "buyer" ? one.merchant : one.customer;
  fillAvatar(part(node, "avatar"), other, view.people.presence(other.id));
  setText(part(node, "name"), view.titleOf?.(one) ?? nameOf(other));
  setAgo(part(node, "time"), lastTime(one));
  fillPreview(part(node, "preview"), one, view);
  const unread = view.side === "buyer" ? one.customer_unread : one.merchant_unread;
  const pill = part(node, "unread");
  pill.hidden = unread === 0 || (isCurrent && view.isWatching());
  setText(pill.firstElementChild, unread > 99 ? "99+" : String(unread));
  node.classList.toggle("unread", !pill.hidden);
  fillMeta(part(node, "meta"), one, view);
}

function fillPreview(node, one, view) {
  const isTyping = view.isTyping(one.id);
  const draft = view.draft(one.id);
  node.classList.toggle("typing", isTyping);
  node.classList.toggle("draft", !isTyping && Boolean(draft));
  if (isTyping) return setText(node, t("typing…"));
  if (draft) return setText(node, t("Draft: {text}", { text: draft }));
  return setText(node, previewOf(one, view));
}

/** Who said the last thing, and what kind of thing it was. */
export function previewOf(one, { side, me, people }) {
  if (one.last_seq === 0) return t("No messages yet");
  const kinds = { image: t("[Picture]"), file: t("[File]") };
  const kind = kinds[one.last_message_type];
  const text = kind ? `${kind} ${one.last_message}`.trim() : one.last_message;
  if (one.last_sender_id === me) return t("You: {text}", { text });
  const isOther = side === "buyer" ? one.last_sender_id !== one.customer_id : one.last_sender_id === one.customer_id;
  if (isOther && side !== "admin") return text;
  const role = one.last_sender_id === one.customer_id ? "buyer" : "merchant";
  return t("{who}: {text}", { who: people.nameOf(one.last_sender_id, role), text });
}

function fillMeta(node, one, view) {
  if (!node) return;
  const chips = [];
  if (one.waiting_since && one.status !== "resolved") {
    const chip = make("span", "chip waiting");
    chip.append(icon("clock"), make("span"));
    setWaiting(chip, one.waiting_since);
    chips.push(chip);
  }
  if (one.status !== "open" && view.side !== "buyer") chips.push(make("span", "chip", statusName(one.status)));
  for (const label of one.labels) chips.push(make("span", "chip jade", label));
  if (one.assignee_id && one.assignee_id !== view.me) {
    const chip = make("span", "chip assignee");
    const face = make("span", "avatar tiny");
    fillAvatar(face, view.people.get(one.assignee_id));
    chip.append(face, view.people.nameOf(one.assignee_id, "merchant"));
    chips.push(chip);
  }
  node.replaceChildren(...chips);
}

export function statusName(status) {
  return { open: t("Open"), pending: t("Pending"), snoozed: t("Snoozed"), resolved: t("Resolved") }[status] ?? status;
}
