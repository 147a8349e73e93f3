// What the merchant's side did, as one sentence.
import { t } from "./page.js";
import { clockTime } from "./relative-time.js";

export function activityText({ kind, value, actor_id: actor, created_at: at }, people) {
  const isPlatform = actor.startsWith("p");
  const who = people.nameOf(actor, isPlatform ? "platform" : actor.startsWith("b") ? "buyer" : "merchant");
  const whom = () => people.nameOf(value, "merchant");
  const words = {
    status: () => (isPlatform && value === "resolved" ? t("Resolved automatically") : statusText(who, value)),
    assigned: () => (value === actor ? t("{who} took this conversation", { who }) : t("{who} assigned this to {whom}", { who, whom: whom() })),
    transferred: () => t("{who} transferred this to {whom}", { who, whom: whom() }),
    unassigned: () => t("{who} removed the assignment", { who }),
    labelled: () => t("{who} added the label “{label}”", { who, label: value }),
    unlabelled: () => t("{who} removed the label “{label}”", { who, label: value }),
    priority: () => t("{who} set the priority to {priority}", { who, priority: priorityName(value) }),
    rated: () => t("{who} rated this conversation {score} of 5", { who, score: value }),
  };
  return `${words[kind]?.() ?? kind} · ${clockTime(at)}`;
}

export function priorityName(priority) {
  return { low: t("low"), normal: t("normal"), high: t("high"), urgent: t("urgent") }[priority] ?? priority;
}

function statusText(who, status) {
  if (status === "resolved") return t("{who} resolved this conversation", { who });
  if (status === "pending") return t("{who} set this to pending", { who });
  if (status === "snoozed") return t("{who} snoozed this conversation", { who });
  return t("{who} reopened this conversation", { who });
}
