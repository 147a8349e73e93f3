// What can be done with conversations, as menu items: for a right click, for the keys, for the bar of the picked ones.
import { make } from "./dom.js";
import { t } from "./page.js";
import { fillAvatar, nameOf } from "./avatar.js";
import { labelColor, priorityName, statusName } from "./conversation-card.js";
import { openTransfer } from "./transfer.js";
import { localValue, pickedTime, snoozeTimes } from "./snooze-times.js";

const STATUS_ICONS = { open: "retry", pending: "pause", resolved: "check" };
const CUSTOM_HOURS = 24;

/** Items for the conversations `ids`. `changes` is of conversation-changes.js; `labels()` gives the names to offer. */
export function conversationItems({ store, changes, team, me, labels, toast, pick }) {
  const all = (ids) => ids.map((id) => store.get(id)).filter(Boolean);
  const every = (ids, test) => all(ids).length > 0 && all(ids).every(test);

  const statuses = (ids) => ["open", "pending", "resolved"]
    .filter((status) => !every(ids, (one) => one.status === status))
    .map((status) => ({
      label: { open: t("Reopen"), pending: t("Set to pending"), resolved: t("Resolve") }[status],
      icon: STATUS_ICONS[status],
      hint: status === "resolved" || (status === "open" && every(ids, (one) => one.status === "resolved")) ? "E" : undefined,
      run: () => changes.setStatus(ids, status),
    }));

  const snooze = (ids) => [
    ...snoozeTimes().map(({ label, hint, until }) => ({ label, hint, icon: "clock", run: () => changes.snooze(ids, until) })),
    null,
    { title: t("Until a day and time") },
    {
      label: t("Until a day and time"), button: t("Snooze"),
      field: { type: "datetime-local", value: localValue(Date.now() + CUSTOM_HOURS * 3_600_000), min: localValue(Date.now()) },
      run: (value) => (pickedTime(value) ? changes.snooze(ids, pickedTime(value)) : toast(t("Choose a time in the future."))),
    },
  ];

  const assign = (ids) => [
    ...team.filter((person) => !person.is_blocked).map((person) => ({
      label: person.id === me ? t("{name} (you)", { name: nameOf(person) }) : nameOf(person),
      mark: face(person),
      isChecked: every(ids, (one) => one.assignee_id === person.id),
      run: () => changes.assign(ids, person.id),
    })),
    null,
    { label: t("Nobody"), icon: "block", isChecked: every(ids, (one) => one.assignee_id === null), run: () => changes.assign(ids, null) },
    ...(ids.length === 1 ? [null, { label: t("Hand over with a note…"), icon: "forward", run: () => openTransfer(store.get(ids[0])) }] : []),
  ];

  const priority = (ids) => ["urgent", "high", "normal", "low"].map((name) => ({
    label: priorityName(name),
    mark: make("span", `priority-dot ${name}`),
    isChecked: every(ids, (one) => one.priority === name),
    run: () => changes.setPriority(ids, name),
  }));

  const label = (ids) => [
    { label: t("A new label"), button: t("Add"), field: { maxLength: 40, placeholder: t("A new label") }, staysOpen: true, run: (name) => changes.label(ids, name, true) },
    ...labels().map((name) => {
      const isChecked = every(ids, (one) => one.labels.includes(name));
      return { label: name, mark: make("span", `label-dot ${labelColor(name)}`), isChecked, staysOpen: true, run: () => changes.label(ids, name, !isChecked) };
    }),
  ];

  const reading = (ids) => (every(ids, (one) => one.merchant_unread > 0)
    ? [{ label: t("Mark as read"), icon: "read", run: () => changes.markRead(ids, true) }]
    : [{ label: t("Mark as unread"), icon: "mail", run: () => changes.markRead(ids, false) }]);

  /** The whole menu of one conversation. */
  const whole = (id) => {
    const one = store.get(id);
    return [
      { label: t("Open in a new tab"), icon: "link", run: () => window.open(`/inbox/${id}`, "_blank", "noopener") },
      { label: t("Copy link"), icon: "copy", run: () => changes.copyLink(id) },
      { label: t("Select"), icon: "check", hint: "X", run: () => pick(id) },
      null,
      ...reading([id]),
      one.assignee_id === me
        ? { label: t("Unassign"), icon: "person", run: () => changes.assign([id], null) }
        : { label: t("Assign to me"), icon: "person", run: () => changes.assign([id], me) },
      { label: t("Assign to"), icon: "people", hint: "A", items: () => assign([id]) },
      null,
      ...statuses([id]),
      { label: t("Snooze"), icon: "moon", hint: "S", items: () => snooze([id]) },
      { label: t("Priority"), icon: "flag", items: () => priority([id]) },
      { label: t("Label"), icon: "label", hint: "L", items: () => label([id]) },
    ];
  };

  return { whole, statuses, snooze, assign, priority, label, reading, statusName };
}

function face(person) {
  const node = make("span", "avatar tiny");
  node.setAttribute("aria-hidden", "true");
  fillAvatar(node, person, person.presence);
  return node;
}
