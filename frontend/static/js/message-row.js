// One row of a thread as nodes. The markup is the page's `<template>`s; data enters as text and attributes only.
import { clone, make, part, setIcon, setText } from "./dom.js";
import { t } from "./page.js";
import { activityText } from "./activity-text.js";
import { fillContent, isDeleted, summaryOf } from "./bubble-content.js";
import { clockTime, dayName, fullTime } from "./relative-time.js";
import { linked } from "./links.js";

const TICKS = { sending: "clock", sent: "sent", delivered: "read", read: "read", failed: "alert" };

export function rowNode(row) {
  if (row.kind === "day") return make("p", "day");
  if (row.kind === "divider") return make("p", "unread-divider");
  if (row.kind === "activity") return make("p", "activity");
  return clone(row.kind === "note" ? "note-template" : "message-template");
}

/** Brings `node` to what `row` says, if it does not say so already. `view` {people, side, me, quoteOf}. */
export function fillRow(node, row, view) {
  if (row.kind === "message") {
    const shown = signOf(row, view);
    if (node.shown === shown) return undefined;
    node.shown = shown;
  }
  if (row.kind === "day") return setText(node, dayName(row.at));
  if (row.kind === "divider") return setText(node, t("New"));
  if (row.kind === "activity") return fillActivity(node, row.activity, view.people);
  if (row.kind === "note") return fillNote(node, row.note, view);
  return fillMessage(node, row, view);
}

/** Everything that a row depends on: a thread of thousands is gone through for every message that comes. */
function signOf({ message, mine, joined, ends, state, problem }, { people, quoteOf }) {
  const quoted = message.reply_to ? quoteOf?.(message.reply_to) : null;
  const name = joined ? "" : people.nameOf(message.sender_id, message.sender_role);
  return [message.id, message.seq, message.deleted_at, message.attachments.length, message.created_at, mine, joined, ends, state, problem, name, message.reply_to, quoted?.id, quoted?.deleted_at].join();
}

function fillActivity(node, activity, people) {
  node.dataset.kind = activity.kind;
  setText(node, activityText(activity, people));
}

function fillMessage(node, row, view) {
  const { message } = row;
  const isAutomatic = message.sender_role === "platform";
  node.className = ["row", row.mine ? "mine" : "theirs", row.joined && "joined", row.state === "failed" && "failed", row.state === "sending" && "unsent", isAutomatic && "automatic", node.classList.contains("flash") && "flash"].filter(Boolean).join(" ");
  node.dataset.seq = message.seq ?? "";
  const byline = part(node, "byline");
  byline.hidden = row.joined;
  setText(part(node, "name"), isAutomatic && view.side !== "buyer" ? t("Automatic") : view.people.nameOf(message.sender_id, message.sender_role));
  const time = part(node, "time");
  setText(time, clockTime(message.created_at));
  time.title = fullTime(message.created_at);
  fillTick(part(node, "tick"), row);
  fillQuote(part(node, "quote"), message, view);
  fillContent(part(node, "bubble"), message);
  part(node, "menu").hidden = !message.id || isDeleted(message);
  const foot = part(node, "foot");
  foot.hidden = row.state !== "failed";
  if (row.state === "failed") setText(part(node, "problem"), row.problem || t("Not sent."));
}

function fillTick(tick, row) {
  tick.hidden = !row.mine || !row.ends || !row.state;
  if (tick.hidden || tick.dataset.state === row.state) return;
  tick.dataset.state = row.state;
  setIcon(tick.firstElementChild, TICKS[row.state]);
  setText(tick.lastElementChild, { sending: t("Sending"), sent: t("Sent"), delivered: t("Delivered"), read: t("Read"), failed: t("Not sent") }[row.state]);
}

function fillQuote(quote, message, { people, quoteOf }) {
  quote.hidden = !message.reply_to;
  if (quote.hidden) return;
  const original = quoteOf?.(message.reply_to);
  quote.dataset.jump = original?.seq ?? "";
  setText(part(quote, "who"), original ? people.nameOf(original.sender_id, original.sender_role) : "");
  setText(part(quote, "words"), original ? summaryOf(original) : t("An earlier message"));
}

function fillNote(node, note, { people, me }) {
  node.dataset.note = note.id;
  node.classList.toggle("own", note.author_id === me);
  setText(part(node, "name"), people.nameOf(note.author_id, "merchant"));
  const time = part(node, "time");
  setText(time, clockTime(note.created_at));
  time.title = fullTime(note.created_at);
  part(node, "edited").hidden = note.updated_at === note.created_at;
  const bubble = part(node, "bubble");
  const names = (note.mentions ?? []).map((id) => people.nameOf(id, "merchant"));
  const shown = `${note.content}\n${names.join("\n")}`;
  if (bubble.dataset.shown === shown) return;
  bubble.dataset.shown = shown;
  bubble.replaceChildren(...linked(note.content).flatMap((piece) => (typeof piece === "string" ? mentioned(piece, names) : [piece])));
}

/** “@Anna” stands out where the note names her. */
function mentioned(text, names) {
  const wanted = names.map((name) => `@${name}`).filter((name) => text.includes(name)).sort((a, b) => b.length - a.length);
  if (wanted.length === 0) return [text];
  const pattern = new RegExp(`(${wanted.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "g");
  return text.split(pattern).filter(Boolean).map((piece) => (wanted.includes(piece) ? make("b", "mention", piece) : piece));
}
