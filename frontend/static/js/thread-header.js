// The line above a thread: who it is, what they look at, who is in charge, and what can be done with it.
import { byId, part, setIcon, setText } from "./dom.js";
import { fillAvatar, nameOf } from "./avatar.js";
import { priorityName } from "./activity-text.js";
import { ago, fullTime } from "./relative-time.js";
import { statusName } from "./conversation-card.js";
import { page, t } from "./page.js";

/** `visit` is what is known of the buyer's device and page; null when nothing is. */
export function fillHeader(header, one, { people, me, isTyping, visit = null }) {
  fillAvatar(part(header, "avatar"), one.customer, people.presence(one.customer_id));
  setText(part(header, "name"), nameOf(one.customer));
  const isOnline = people.isOnline(one.customer_id);
  const presence = isOnline ? t("online") : visit?.seen_at ? t("last seen {when}", { when: lastSeen(visit.seen_at) }) : t("offline");
  const state = one.status === "open" ? "" : one.status === "snoozed" && one.snoozed_until ? t("snoozed until {time}", { time: fullTime(one.snoozed_until) }) : statusName(one.status);
  setText(part(header, "sub"), isTyping ? t("typing…") : [presence, state].filter(Boolean).join(" · "));
  fillPage(part(header, "page"), isOnline && !isTyping ? visit : null);
  fillPriority(part(header, "priority"), one.priority);
  const assign = header.querySelector("#assign");
  if (!assign) return;
  const isMine = one.assignee_id === me;
  setText(assign.querySelector(".words"), isMine ? t("Yours") : one.assignee_id ? people.nameOf(one.assignee_id, "merchant") : t("Assign"));
  assign.setAttribute("aria-label", one.assignee_id ? t("Assignee: {who}", { who: isMine ? t("you") : people.nameOf(one.assignee_id, "merchant") }) : t("Assign this conversation"));
  const resolve = header.querySelector("#resolve");
  const isDone = one.status === "resolved";
  setText(resolve.querySelector(".words"), isDone ? t("Reopen") : t("Resolve"));
  setIcon(resolve.querySelector("svg"), isDone ? "retry" : "check");
}

const lastSeen = (at) => (Date.now() / 1000 - at < 60 ? t("just now") : t("{time} ago", { time: ago(at) }));

function fillPage(link, visit) {
  if (!link) return;
  const isWeb = /^https?:\/\//i.test(visit?.page_url ?? "");
  link.hidden = !isWeb;
  if (!isWeb) return;
  setText(link, t("Looking at “{page}”", { page: visit.page_title || visit.page_url }));
  link.href = visit.page_url;
  link.title = visit.page_url;
}

function fillPriority(mark, priority) {
  if (!mark) return;
  mark.hidden = priority === "normal";
  mark.dataset.priority = priority;
  setText(mark, priority === "normal" ? "" : priorityName(priority));
}

/** `items` makes menu items (conversation-menu.js), `openMenu` shows them, `contact()` is the buyer's entry. */
export function useThreadHeader({ current, items, openMenu, actions, contact }) {
  const ids = () => [current().id];
  const show = (button, label, found) => current() && openMenu({ at: button, label, items: found });
  byId("assign").addEventListener("click", (event) => show(event.currentTarget, t("Assignee"), () => [
    ...(current().assignee_id === page.me.id ? [] : [{ label: t("Assign to me"), icon: "person", run: () => actions.toggleMine() }, null]),
    ...items.assign(ids()),
  ]));
  byId("resolve").addEventListener("click", () => actions.toggleResolved());
  byId("more-status").addEventListener("click", (event) => show(event.currentTarget, t("Other statuses"), () => [...items.statuses(ids()), null, { title: t("Snooze") }, ...items.snooze(ids())]));
  byId("more").addEventListener("click", (event) => show(event.currentTarget, t("More"), () => [
    { label: t("Assign to"), icon: "people", items: () => items.assign(ids()) },
    { label: t("Priority"), icon: "flag", items: () => items.priority(ids()) },
    { label: t("Label"), icon: "label", items: () => items.label(ids()) },
    ...items.reading(ids()),
    { label: t("Copy link"), icon: "copy", run: () => actions.copyLink() },
    ...blockItems(contact, actions),
  ]));
}

function blockItems(contact, actions) {
  const known = contact();
  if (!known) return [];
  if (known.blocked_at) return [null, { label: t("Unblock this buyer"), icon: "check", run: () => actions.unblock(known) }];
  return [null, { label: t("Block this buyer"), icon: "block", isDanger: true, run: () => actions.block(known) }];
}
