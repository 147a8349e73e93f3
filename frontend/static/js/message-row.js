// One row of a thread as nodes. The markup is the page's `<template>`s; data enters as text and attributes only.
import { clone, icon, make, part, setIcon, setText } from "./dom.js";
import { page, t } from "./page.js";
import { clockTime, dayName, fullTime } from "./relative-time.js";
import { linked } from "./links.js";

const TICKS = { sending: "clock", sent: "sent", read: "read", failed: "alert" };

export function rowNode(row) {
  if (row.kind === "day") return make("p", "day");
  if (row.kind === "divider") return make("p", "unread-divider");
  if (row.kind === "activity") return make("p", "activity");
  return clone(row.kind === "note" ? "note-template" : "message-template");
}

/** Brings `node` to what `row` says. `people` maps ids to names. */
export function fillRow(node, row, people) {
  if (row.kind === "day") return setText(node, dayName(row.at));
  if (row.kind === "divider") return setText(node, t("New"));
  if (row.kind === "activity") return setText(node, activityText(row.activity, people));
  if (row.kind === "note") return fillNote(node, row.note, people);
  return fillMessage(node, row, people);
}

function fillMessage(node, row, people) {
  const { message } = row;
  node.className = ["row", row.mine ? "mine" : "theirs", row.joined && "joined", row.state === "failed" && "failed", row.state === "sending" && "unsent"].filter(Boolean).join(" ");
  node.dataset.seq = message.seq ?? "";
  const byline = part(node, "byline");
  byline.hidden = row.joined;
  setText(part(node, "name"), people.nameOf(message.sender_id, message.sender_role));
  const time = part(node, "time");
  setText(time, clockTime(message.created_at));
  time.title = fullTime(message.created_at);
  fillTick(part(node, "tick"), row);
  fillContent(part(node, "bubble"), message);
  const foot = part(node, "foot");
  foot.hidden = row.state !== "failed";
  if (row.state === "failed") setText(part(node, "problem"), row.problem || t("Not sent."));
}

function fillTick(tick, row) {
  tick.hidden = !row.mine || !row.ends || !row.state;
  if (tick.hidden || tick.dataset.state === row.state) return;
  tick.dataset.state = row.state;
  setIcon(tick.firstElementChild, TICKS[row.state]);
  setText(tick.lastElementChild, { sending: t("Sending"), sent: t("Sent"), read: t("Read"), failed: t("Not sent") }[row.state]);
}

/** A message's content never changes, so a bubble is filled once; only a pending one gains its attachments. */
function fillContent(bubble, message) {
  const shown = `${message.id ?? ""}:${message.attachments.length}`;
  if (bubble.dataset.shown === shown || (bubble.dataset.shown !== undefined && message.attachments.length === 0)) return;
  bubble.dataset.shown = shown;
  bubble.replaceChildren();
  const isOnlyPictures = message.attachments.length > 0 && message.attachments.every(isPicture) && !message.content;
  bubble.classList.toggle("pictures", isOnlyPictures);
  for (const attachment of message.attachments) bubble.append(isPicture(attachment) ? pictureNode(attachment) : fileNode(attachment));
  if (message.content) bubble.append(...linked(message.content));
  else if (message.attachments.length === 0) bubble.append(t("[{type}]", { type: message.message_type }));
}

const isPicture = (attachment) => attachment.content_type?.startsWith("image/");

/** Files are ours: a link that `BASE_URL` made for another address of this server still opens here. */
function ownUrl(url) {
  return page.mediaOrigin && url.startsWith(`${page.mediaOrigin}/media/`) ? url.slice(page.mediaOrigin.length) : url;
}

function pictureNode(attachment) {
  const link = make("a", "picture");
  link.href = ownUrl(attachment.url);
  link.dataset.lightbox = attachment.name;
  const picture = make("img");
  picture.alt = attachment.name || t("Picture");
  picture.loading = "lazy";
  picture.decoding = "async";
  if (attachment.width && attachment.height) {
    // The box stands before the bytes are there, so that nothing jumps when they arrive.
    const scale = Math.min(1, 280 / attachment.width, 320 / attachment.height);
    picture.width = Math.round(attachment.width * scale);
    picture.height = Math.round(attachment.height * scale);
  }
  picture.src = ownUrl(attachment.thumbnail_url || attachment.url);
  link.append(picture);
  return link;
}

function fileNode(attachment) {
  const link = make("a", "file");
  link.href = ownUrl(attachment.url);
  link.target = "_blank";
  link.rel = "noopener";
  const words = make("span");
  words.append(make("span", "name", attachment.name), make("small", "", sizeText(attachment.size)));
  link.append(icon("file"), words);
  return link;
}

export function sizeText(bytes) {
  if (!(bytes >= 0)) return "";
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1_048_576 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
}

function fillNote(node, note, people) {
  setText(part(node, "name"), people.nameOf(note.author_id, "merchant"));
  setText(part(node, "time"), clockTime(note.created_at));
  const bubble = part(node, "bubble");
  if (bubble.textContent !== note.content) bubble.replaceChildren(...linked(note.content));
}

function activityText({ kind, value, actor_id, created_at }, people) {
  const who = people.nameOf(actor_id, "merchant");
  const words = {
    status: () => statusText(who, value),
    assigned: () => (value === actor_id ? t("{who} took this conversation", { who }) : t("{who} assigned this to {whom}", { who, whom: people.nameOf(value, "merchant") })),
    unassigned: () => t("{who} removed the assignment", { who }),
    labelled: () => t("{who} added the label “{label}”", { who, label: value }),
    unlabelled: () => t("{who} removed the label “{label}”", { who, label: value }),
    priority: () => t("{who} changed the priority", { who }),
  };
  return `${words[kind]?.() ?? kind} · ${clockTime(created_at)}`;
}

function statusText(who, status) {
  if (status === "resolved") return t("{who} resolved this conversation", { who });
  if (status === "pending") return t("{who} set this to pending", { who });
  if (status === "snoozed") return t("{who} snoozed this conversation", { who });
  return t("{who} reopened this conversation", { who });
}
