// What the shop's side does to conversations, one or many: shown at once, put right on refusal.
import { post } from "./api.js";
import { announce } from "./announce.js";
import { t, tn } from "./page.js";

const MOST = 100; // of one call

/** `after(conversations, change)` is called when the server has answered. */
export function conversationChanges({ store, draw, toast, after }) {
  /** `change` as `/conversations/bulk` takes it. Answers how many were changed. */
  async function change(ids, wanted) {
    const before = ids.map((id) => store.get(id)).filter(Boolean);
    store.put(before.map((one) => ({ ...one, ...foreseen(one, wanted) })));
    draw();
    const done = [];
    try {
      for (let at = 0; at < ids.length; at += MOST) {
        const { results } = await post("/conversations/bulk", { ids: ids.slice(at, at + MOST), change: wanted });
        store.put(results);
        done.push(...results);
      }
    } catch (error) {
      store.put(before.filter((one) => !done.some((other) => other.id === one.id)));
      toast(error.message);
    }
    if (done.length > 1) announce(tn("1 conversation changed", "{n} conversations changed", done.length));
    after(done, wanted);
    draw();
    return done.length;
  }

  return {
    change,
    setStatus: (ids, status) => change(ids, { status }),
    snooze: (ids, until) => change(ids, { status: "snoozed", snoozed_until: until }),
    assign: (ids, assignee_id) => change(ids, { assignee_id }),
    setPriority: (ids, priority) => change(ids, { priority }),
    label: (ids, name, isOn) => change(ids, isOn ? { add_labels: [name] } : { remove_labels: [name] }),
    markRead: (ids, read) => change(ids, { read }),
    copyLink: (id) => navigator.clipboard.writeText(new URL(`/inbox/${id}`, location.href).href).then(
      () => toast(t("Link copied.")),
      () => toast(t("The browser did not allow copying.")),
    ),
  };
}

/** How a conversation will look; the server's answer replaces it. */
function foreseen(one, { status, assignee_id, priority, add_labels = [], remove_labels = [], snoozed_until, read }) {
  const next = {};
  if (status !== undefined) Object.assign(next, { status, snoozed_until: snoozed_until ?? null });
  if (status === "resolved") next.waiting_since = null;
  if (assignee_id !== undefined) next.assignee_id = assignee_id;
  if (priority !== undefined) next.priority = priority;
  if (add_labels.length || remove_labels.length) next.labels = [...new Set([...one.labels.filter((name) => !remove_labels.includes(name)), ...add_labels])].sort();
  if (read === true) Object.assign(next, { merchant_unread: 0, merchant_read_seq: one.last_seq });
  if (read === false && one.merchant_unread === 0) next.merchant_unread = 1;
  return next;
}
