// What a merchant does with the open conversation: assign, resolve, label, note, block. Put right on refusal.
import { post, put } from "./api.js";
import { askFirst } from "./ask-first.js";
import { namedIn } from "./mention-picker.js";
import { page, t } from "./page.js";
import { toast } from "./toast.js";

/** `changes` is of conversation-changes.js; `facts` of buyer-facts.js. */
export function deskActions({ current, store, thread, changes, facts }) {
  const ids = () => [current().id];
  const toggleResolved = () => current() && changes.setStatus(ids(), current().status === "resolved" ? "open" : "resolved");
  const toggleMine = () => current() && changes.assign(ids(), current().assignee_id === page.me.id ? null : page.me.id);
  const removeLabel = (label) => changes.label(ids(), label, false);
  const copyLink = () => changes.copyLink(current().id);

  /** A note that could not be kept goes back into the composer by `giveBack`. */
  async function writeNote(content, old, giveBack) {
    const { id } = current();
    const body = { content, mentions: namedIn(content, page.team) };
    try {
      const address = `/conversations/${id}/notes/`;
      thread.hearAside("notes", old ? await put(address + old.id, body) : await post(address, body));
    } catch (error) {
      giveBack(content);
      toast(t("The note was not saved: {why}", { why: error.message }));
    }
  }

  async function setBlocked(contact, isBlocked) {
    const { id } = current();
    if (isBlocked && !(await askFirst(t("Block this buyer?"), t("They can no longer write to your shop. Existing messages stay."), t("Block")))) return;
    try {
      facts.setContact(id, await post(`/contacts/${contact.id}/${isBlocked ? "block" : "unblock"}`, isBlocked ? { reason: "" } : undefined));
      toast(isBlocked ? t("Blocked.") : t("This buyer can write again."));
    } catch (error) {
      toast(error.message);
    }
  }

  const input = document.getElementById("label");
  document.getElementById("add-label").addEventListener("submit", (event) => {
    event.preventDefault();
    const label = input.value.trim();
    if (label && !current().labels.includes(label)) changes.label(ids(), label, true);
    input.value = "";
  });
  input.addEventListener("focus", () => {
    const known = [...new Set([...(page.labels ?? []).map((one) => one.name), ...store.all.flatMap((one) => one.labels)])].sort();
    document.getElementById("known-labels").replaceChildren(...known.map((label) => new Option(label, label)));
  });

  return { toggleResolved, toggleMine, removeLabel, copyLink, writeNote, block: (contact) => setBlocked(contact, true), unblock: (contact) => setBlocked(contact, false) };
}
