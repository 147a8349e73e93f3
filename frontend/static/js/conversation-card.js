// One conversation in a list: the page's `<template>`, filled. Nothing is touched that has not changed.
import { clone, icon, make, part, setText } from "./dom.js";
import { page, t } from "./page.js";
import { fillAvatar, nameOf } from "./avatar.js";
import { setAgo, setWaiting } from "./relative-time.js";
import { lastTime } from "./last-message.js";

const MOST_LABELS = 2;
const colors = new Map((page.labels ?? []).map(({ name, color }) => [name, color]));

/** What the shop has instead of what the page came with. */
export function learnLabels(labels) {
  colors.clear();
  for (const { name, color } of labels) colors.set(name, color);
}

export const cardNode = () => clone("card-template");

/** The colour that the shop gave to a label. */
export const labelColor = (name) => colors.get(name) ?? "grey";

/** `view` says how the reader sees it: side, me, people, draft(id), isTyping(id), href(id), openId. */
export function fillCard(node, one, view) {
  const { people } = view;
  const isCurrent = view.openId === one.id;
  const isTyping = view.isTyping(one.id);
  const draft = view.draft(one.id);
  const isSeen = isCurrent && view.isWatching();
  const state = `${isCurrent}${isTyping}${isSeen}${people.presence(one.customer_id)}${people.presence(one.merchant_id)}${view.isPicked?.(one.id) ?? ""}${view.status ?? ""}${draft}${view.mentions?.has(one.id) ?? ""}`;
  if (node.shown === one && node.state === state) return;
  Object.assign(node, { shown: one, state });
  const other = view.side === "buyer" ? one.merchant : one.customer;
  const name = view.titleOf?.(one) ?? nameOf(other);
  fillWay(node, one, view, { isCurrent, name });
  fillAvatar(part(node, "avatar"), other, people.presence(other.id));
  setText(part(node, "name"), name);
  setAgo(part(node, "time"), lastTime(one));
  fillPreview(part(node, "preview"), one, view, { isTyping, draft });
  const unread = view.side === "buyer" ? one.customer_unread : one.merchant_unread;
  const pill = part(node, "unread");
  pill.hidden = unread === 0 || isSeen;
  setText(pill.firstElementChild, unread > 99 ? "99+" : String(unread));
  node.classList.toggle("unread", !pill.hidden);
  fillCharge(part(node, "charge"), one, view);
  fillMeta(part(node, "meta"), one, view);
}

function fillWay(node, one, view, { isCurrent, name }) {
  node.dataset.id = one.id;
  const way = part(node, "way");
  way.href = view.href(one.id);
  for (const place of [node, way]) {
    if (isCurrent) place.setAttribute("aria-current", "true");
    else place.removeAttribute("aria-current");
  }
  const pick = part(node, "pick");
  if (!pick) return;
  pick.checked = view.isPicked(one.id);
  node.classList.toggle("picked", pick.checked);
  pick.setAttribute("aria-label", t("Select {name}", { name }));
}

function fillPreview(node, one, view, { isTyping, draft }) {
  node.classList.toggle("typing", isTyping);
  node.classList.toggle("draft", !isTyping && Boolean(draft));
  if (isTyping) return setText(node, t("typing…"));
  if (draft) return setText(node, t("Draft: {text}", { text: draft }));
  const { symbol, text } = previewOf(one, view);
  if (!symbol) return setText(node, text);
  return node.replaceChildren(icon(symbol), text);
}

/** Who said the last thing, and what kind of thing it was: {symbol, text}. */
export function previewOf(one, { side, me, people }) {
  if (one.last_seq === 0) return { text: t("No messages yet") };
  const kinds = { image: t("Picture"), file: t("File") };
  const kind = kinds[one.last_message_type];
  const said = one.last_message || kind || t("This message was deleted.");
  const symbol = kind ? one.last_message_type : undefined;
  if (one.last_sender_id === me) return { symbol, text: t("You: {text}", { text: said }) };
  const isOther = side === "buyer" ? one.last_sender_id !== one.customer_id : one.last_sender_id === one.customer_id;
  if (isOther && side !== "admin") return { symbol, text: said };
  const role = one.last_sender_id === one.customer_id ? "buyer" : one.last_sender_id?.startsWith("p") ? "platform" : "merchant";
  return { symbol, text: t("{who}: {text}", { who: people.nameOf(one.last_sender_id, role), text: said }) };
}

function fillMeta(node, one, view) {
  if (!node) return;
  const isDesk = view.side !== "buyer";
  const chips = [];
  if (one.waiting_since && one.status !== "resolved") {
    const chip = make("span", "chip waiting");
    chip.append(icon("clock"), make("span"));
    setWaiting(chip, one.waiting_since);
    chips.push(chip);
  }
  if (view.mentions?.has(one.id)) chips.push(make("span", "chip amber", t("mentions you")));
  if (isDesk && one.priority !== "normal") chips.push(priorityMark(one.priority));
  if (isDesk && one.status !== (view.status || "open")) chips.push(make("span", "chip", statusName(one.status)));
  for (const label of one.labels.slice(0, MOST_LABELS)) chips.push(make("span", `chip label ${labelColor(label)}`, label));
  const hidden = one.labels.slice(MOST_LABELS);
  if (hidden.length > 0) {
    const more = make("span", "chip", `+${hidden.length}`);
    more.title = hidden.join(", ");
    chips.push(more);
  }
  node.replaceChildren(...chips);
}

/** Who is in charge, small, at the end of the second line. */
function fillCharge(node, one, { side, people }) {
  if (!node) return;
  node.hidden = side === "buyer" || !one.assignee_id;
  if (node.hidden) return;
  fillAvatar(node.firstElementChild, people.get(one.assignee_id));
  node.title = t("Assignee: {name}", { name: people.nameOf(one.assignee_id, "merchant") });
  setText(node.lastElementChild, node.title);
}

function priorityMark(priority) {
  const mark = make("span", `priority ${priority}`);
  mark.title = t("Priority: {name}", { name: priorityName(priority) });
  mark.append(icon(priority === "low" ? "down" : "flag"), make("span", "unseen", mark.title));
  return mark;
}


export function priorityName(priority) {
  return { urgent: t("Urgent"), high: t("High"), normal: t("Normal"), low: t("Low") }[priority] ?? priority;
}

export function statusName(status) {
  return { open: t("Open"), pending: t("Pending"), snoozed: t("Snoozed"), resolved: t("Resolved") }[status] ?? status;
}
