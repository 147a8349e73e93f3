// The page's one socket as tasks see it: `task` events in the page's language, and `ready` when something may have been
// missed. Who opens the socket carries the news; a page without a chat opens one for them.
import { Live, socketOf } from "./live.js";
import { translated } from "./task-state.js";

export const news = new EventTarget();
/** Whose endings the page already says by itself, so that nobody says them twice. */
export const told = { owner: null };
let line = null;

/** To be called once by whoever made the page's socket. */
export function carry(live) {
  line = live;
  live.addEventListener("task", ({ detail }) => news.dispatchEvent(new CustomEvent("task", { detail: translated(detail) })));
  for (const type of ["availability", "status", "conversation", "activity"]) live.addEventListener(type, ({ detail }) => news.dispatchEvent(new CustomEvent(type, { detail })));
  for (const type of ["ready", "resync"]) live.addEventListener(type, () => news.dispatchEvent(new Event("ready")));
}

/** The page's socket, opened with the console's cookie where no script has opened one. */
export function openLine(userId) {
  if (line) return line;
  carry(new Live({ address: () => socketOf(userId), vector: () => ({}) }));
  line.addEventListener("signed-out", () => location.assign("/sign-in"));
  line.start();
  return line;
}

export const isLive = () => line?.isReady ?? false;
