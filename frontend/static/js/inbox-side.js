// The panel beside a thread: the buyer, the conversation, labels, notes, pages, earlier conversations, files.
import { icon, make, part, setText } from "./dom.js";
import { t } from "./page.js";
import { fillAvatar, nameOf } from "./avatar.js";
import { fileNode, isPicture, pictureNode } from "./bubble-content.js";
import { labelColor, statusName } from "./conversation-card.js";
import { lastTime } from "./last-message.js";
import { linked } from "./links.js";
import { ago, fullTime, monthOf } from "./relative-time.js";
import { fillFacts } from "./side-facts.js";
import { readJson } from "./storage.js";

export { fillHeader } from "./thread-header.js";

const OPEN_KEY = "parley.side-sections";

export function fillSide(side, one, { people, notes, canEdit = true, onRemoveLabel, facts = {}, saveContact, hrefOf }) {
  const isOnline = people.isOnline(one.customer_id);
  fillAvatar(part(side, "avatar"), one.customer, people.presence(one.customer_id));
  setText(part(side, "name"), nameOf(one.customer));
  setText(part(side, "since"), t("first wrote in {month}", { month: monthOf(one.created_at) }));
  part(side, "blocked").hidden = !facts.contact?.blocked_at;
  fillFacts(part(side, "facts"), one, { contact: facts.contact, visit: facts.visit, isOnline, canEdit, save: saveContact });
  setText(part(side, "status"), statusName(one.status));
  setText(part(side, "assignee"), one.assignee_id ? people.nameOf(one.assignee_id, "merchant") : t("nobody yet"));
  setText(part(side, "created"), fullTime(one.created_at));
  setText(part(side, "messages"), String(one.last_seq));
  fillRating(side, facts.rating);
  part(side, "labels").replaceChildren(...one.labels.map((label) => labelNode(label, canEdit, onRemoveLabel)));
  fillNotes(side, notes, people);
  fillPages(part(side, "pages"), facts.visit?.pages ?? []);
  fillEarlier(part(side, "earlier"), facts.earlier ?? [], hrefOf);
  fillFiles(side, facts.files ?? []);
  const counts = { buyer: null, about: null, labels: null, notes: notes.length || null, pages: facts.visit?.pages?.length ?? 0, earlier: facts.earlier?.length ?? 0, files: facts.files?.length ?? 0 };
  for (const [name, count] of Object.entries(counts)) showSection(side, name, count);
}

/** Sections without anything to show are not there; the others remember whether they were open. */
function showSection(side, name, count) {
  const section = side.querySelector(`[data-section="${name}"]`);
  if (!section) return;
  section.hidden = count === 0;
  setText(part(side, `${name}-count`), count ? String(count) : "");
  if (section.dataset.ready) return;
  section.dataset.ready = "yes";
  const kept = readJson(localStorage, OPEN_KEY, {});
  if (name in kept) section.open = kept[name];
  section.addEventListener("toggle", () => localStorage.setItem(OPEN_KEY, JSON.stringify({ ...readJson(localStorage, OPEN_KEY, {}), [name]: section.open })));
}

function fillRating(side, rating) {
  part(side, "rating").hidden = part(side, "rating-name").hidden = !rating;
  if (rating) setText(part(side, "rating"), [t("{score} of 5", { score: rating.score }), rating.comment].filter(Boolean).join(" – "));
}

function labelNode(label, canEdit, onRemove) {
  const chip = make("span", `chip label ${labelColor(label)}`, label);
  if (!canEdit) return chip;
  const button = make("button");
  button.type = "button";
  button.setAttribute("aria-label", t("Remove the label {label}", { label }));
  button.append(icon("close"));
  button.addEventListener("click", () => onRemove(label));
  chip.append(button);
  return chip;
}

/** Draws a list only when it differs from what it shows. */
function redraw(node, key, nodes) {
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  node.replaceChildren(...nodes());
}

function fillNotes(side, notes, people) {
  part(side, "no-notes").hidden = notes.length > 0;
  const newest = [...notes].sort((a, b) => b.created_at - a.created_at);
  redraw(part(side, "notes"), newest.map((note) => `${note.id}${note.updated_at}${ago(note.created_at)}`).join(), () => newest.map((note) => {
    const item = make("li");
    item.append(make("small", "", `${people.nameOf(note.author_id, "merchant")} · ${ago(note.created_at)}`), ...linked(note.content));
    return item;
  }));
}

function fillPages(list, pages) {
  redraw(list, JSON.stringify(pages), () => [...pages].sort((a, b) => b.at - a.at).map((one) => {
    const item = make("li");
    const link = make("a", "cut", one.title || one.url);
    if (/^https?:\/\//i.test(one.url)) link.href = one.url;
    Object.assign(link, { target: "_blank", rel: "noopener noreferrer nofollow", title: one.url });
    item.append(link, make("small", "", one.at ? ago(one.at) : ""));
    return item;
  }));
}

function fillEarlier(list, earlier, hrefOf = (id) => `/inbox/${id}`) {
  redraw(list, earlier.map((one) => `${one.id}${one.status}${one.last_seq}`).join(), () => earlier.map((one) => {
    const item = make("li");
    const link = make("a", "cut", one.last_message || t("No messages yet"));
    link.href = hrefOf(one.id);
    link.dataset.open = one.id;
    item.append(link, make("small", "", `${statusName(one.status)} · ${ago(lastTime(one))}`));
    return item;
  }));
}

function fillFiles(side, files) {
  const pictures = files.filter((one) => isPicture(one.attachment));
  const others = files.filter((one) => !isPicture(one.attachment));
  const key = (list) => list.map((one) => `${one.seq}-${one.attachment.id}`).join();
  redraw(part(side, "pictures"), key(pictures), () => pictures.map((one) => pictureNode(one.attachment)));
  redraw(part(side, "files"), key(others), () => others.map((one) => {
    const item = make("li");
    item.append(fileNode(one.attachment));
    return item;
  }));
}
