// What a merchant does with the open conversation: assign, resolve, label, note. Shown at once, put right on refusal.
import { get, put } from "./api.js";
import { calm, setText } from "./dom.js";
import { page, t } from "./page.js";

export function deskActions({ current, store, thread, draw, toast, post }) {
  async function change(values) {
    const one = current();
    if (!one) return;
    store.put([{ ...one, ...values }]);
    draw();
    try {
      store.put([await put(`/conversations/${one.id}`, values)]);
    } catch (error) {
      store.put([one]);
      toast(error.message);
    }
    recount();
    draw();
  }

  const recount = calm(async () => {
    const { status } = store.filter;
    const counts = await get(`/conversations/counts${status ? `?status=${status}` : ""}`).catch(() => null);
    if (!counts) return;
    for (const [tab, count] of [["me", counts.mine], ["none", counts.unassigned], ["", counts.all]]) {
      setText(document.querySelector(`[data-tab="${tab}"] .count`), String(count));
    }
  }, 800);

  const isDone = () => current()?.status === "resolved";
  const setStatus = (status) => change({ status, ...(status === "snoozed" ? {} : { snoozed_until: null }) });
  const toggleResolved = () => setStatus(isDone() ? "open" : "resolved");
  const toggleMine = () => change({ assignee_id: current()?.assignee_id === page.me.id ? null : page.me.id });
  const addLabel = (label) => label && !current().labels.includes(label) && change({ labels: [...current().labels, label] });
  const removeLabel = (label) => change({ labels: current().labels.filter((one) => one !== label) });

  /** A note that could not be kept goes back into the composer by `giveBack`. */
  async function addNote(content, giveBack) {
    const { id } = current();
    try {
      thread.hearAside("notes", await post(`/conversations/${id}/notes/`, { content }));
    } catch (error) {
      giveBack(content);
      toast(t("The note was not saved: {why}", { why: error.message }));
    }
  }

  document.getElementById("assign").addEventListener("click", toggleMine);
  document.getElementById("resolve").addEventListener("click", toggleResolved);
  document.getElementById("status-menu").addEventListener("click", (event) => {
    const item = event.target.closest(".item");
    if (item?.hasAttribute("data-assign")) toggleMine();
    if (item?.dataset.status) setStatus(item.dataset.status);
    if (item?.dataset.snooze) change({ status: "snoozed", snoozed_until: Math.floor(Date.now() / 1000) + Number(item.dataset.snooze) });
  });
  document.getElementById("add-label").addEventListener("submit", (event) => {
    event.preventDefault();
    const input = event.target.elements[0];
    addLabel(input.value.trim());
    input.value = "";
  });
  document.getElementById("label").addEventListener("focus", () => {
    const known = [...new Set(store.all.flatMap((one) => one.labels))].sort();
    document.getElementById("known-labels").replaceChildren(...known.map((label) => new Option(label, label)));
  });

  return { recount, toggleResolved, toggleMine, removeLabel, addNote };
}
