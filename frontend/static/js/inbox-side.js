// The header and the side panel of the open conversation: who it is, who is in charge, labels, notes.
import { icon, make, part, setText } from "./dom.js";
import { t } from "./page.js";
import { fillAvatar, nameOf } from "./avatar.js";
import { linked } from "./links.js";
import { ago, fullTime, monthOf } from "./relative-time.js";
import { statusName } from "./conversation-card.js";

export function fillHeader(header, one, { people, me, isTyping }) {
  fillAvatar(part(header, "avatar"), one.customer, people.presence(one.customer_id));
  setText(part(header, "name"), nameOf(one.customer));
  const presence = people.isOnline(one.customer_id) ? t("online") : t("offline");
  setText(part(header, "sub"), isTyping ? t("typing…") : [presence, one.status === "open" ? "" : statusName(one.status)].filter(Boolean).join(" · "));
  const assign = header.querySelector("#assign");
  if (assign) {
    const isMine = one.assignee_id === me;
    setText(assign.querySelector(".words"), isMine ? t("Yours") : one.assignee_id ? people.nameOf(one.assignee_id, "merchant") : t("Assign to me"));
    assign.setAttribute("aria-pressed", String(isMine));
    assign.title = isMine ? t("Give it back") : t("Assign to me");
    setText(header.querySelector("[data-assign] .words"), assign.title);
    const resolve = header.querySelector("#resolve");
    const isDone = one.status === "resolved";
    setText(resolve.querySelector(".words"), isDone ? t("Reopen") : t("Resolve"));
    for (const item of header.querySelectorAll("#status-menu [data-status]")) item.hidden = item.dataset.status === one.status;
  }
}

export function fillSide(side, one, { people, notes, canEdit = true, onRemoveLabel }) {
  fillAvatar(part(side, "avatar"), one.customer, people.presence(one.customer_id));
  setText(part(side, "name"), nameOf(one.customer));
  setText(part(side, "since"), t("first wrote in {month}", { month: monthOf(one.created_at) }));
  setText(part(side, "presence"), people.isOnline(one.customer_id) ? t("online") : t("offline"));
  setText(part(side, "username"), one.customer.username);
  setText(part(side, "id"), one.customer_id);
  setText(part(side, "status"), statusName(one.status));
  setText(part(side, "assignee"), one.assignee_id ? people.nameOf(one.assignee_id, "merchant") : t("nobody yet"));
  setText(part(side, "created"), fullTime(one.created_at));
  setText(part(side, "messages"), String(one.last_seq));
  part(side, "labels").replaceChildren(...one.labels.map((label) => labelNode(label, canEdit, onRemoveLabel)));
  fillNotes(side, notes, people);
}

function labelNode(label, canEdit, onRemove) {
  const chip = make("span", "chip jade", label);
  if (!canEdit) return chip;
  const button = make("button");
  button.type = "button";
  button.setAttribute("aria-label", t("Remove the label {label}", { label }));
  button.append(icon("close"));
  button.addEventListener("click", () => onRemove(label));
  chip.append(button);
  return chip;
}

function fillNotes(side, notes, people) {
  setText(part(side, "note-count"), notes.length ? String(notes.length) : "");
  part(side, "no-notes").hidden = notes.length > 0;
  part(side, "notes").replaceChildren(
    ...[...notes].sort((a, b) => b.created_at - a.created_at).map((note) => {
      const item = make("li");
      item.append(make("small", "", `${people.nameOf(note.author_id, "merchant")} · ${ago(note.created_at)}`), ...linked(note.content));
      return item;
    }),
  );
}
