// Says so, on whatever page of the console, when a conversation becomes this person's without their doing.
import { news } from "./task-news.js";
import { t } from "./page.js";
import { toast } from "./toast.js";

export function tellHandovers(me) {
  news.addEventListener("activity", ({ detail }) => {
    const { kind, value, actor_id: actor, conversation_id: id } = detail.activity;
    if (value !== me || actor === me || (kind !== "transferred" && kind !== "assigned")) return;
    if (location.pathname === `/inbox/${id}`) return; // it stands before their eyes
    const words = kind === "transferred" ? t("A colleague handed a conversation over to you.") : t("A conversation is yours now.");
    toast(words, { href: `/inbox/${id}`, label: t("Show it") });
  });
}
