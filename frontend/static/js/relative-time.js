// Times as people say them. Pure functions, and one timer that keeps what is on the page fresh.
import { locale, t } from "./page.js";
import { setText } from "./dom.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const clockFormat = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const shortDate = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
const longDate = new Intl.DateTimeFormat(locale, { weekday: "long", month: "long", day: "numeric" });
const yearDate = new Intl.DateTimeFormat(locale, { year: "numeric", month: "short", day: "numeric" });
const monthYear = new Intl.DateTimeFormat(locale, { year: "numeric", month: "long" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

export const nowSeconds = () => Math.floor(Date.now() / 1000);
export const clockTime = (seconds) => clockFormat.format(seconds * 1000);
export const fullTime = (seconds) => full.format(seconds * 1000);
export const monthOf = (seconds) => monthYear.format(seconds * 1000);

const QUARTER = 900; // every zone's midnight is at a whole quarter of an hour
const days = new Map();

/** Local midnight, so that a day is the reader's day. Remembered, because a thread asks it for each of its messages. */
export function dayOf(seconds) {
  const quarter = Math.floor(seconds / QUARTER);
  if (!days.has(quarter)) days.set(quarter, new Date(quarter * QUARTER * 1000).setHours(0, 0, 0, 0) / 1000);
  return days.get(quarter);
}

/** "now", "5 min", "3 h", "2 d", then the date. */
export function ago(seconds, now = nowSeconds()) {
  const age = Math.max(0, now - seconds);
  if (age < MINUTE) return t("now");
  if (age < HOUR) return t("{n} min", { n: Math.floor(age / MINUTE) });
  if (age < DAY) return t("{n} h", { n: Math.floor(age / HOUR) });
  if (age < 7 * DAY) return t("{n} d", { n: Math.floor(age / DAY) });
  return age < 300 * DAY ? shortDate.format(seconds * 1000) : yearDate.format(seconds * 1000);
}

export function dayName(seconds, now = nowSeconds()) {
  const distance = Math.round((dayOf(now) - dayOf(seconds)) / DAY);
  if (distance === 0) return t("Today");
  if (distance === 1) return t("Yesterday");
  return distance < 300 ? longDate.format(seconds * 1000) : yearDate.format(seconds * 1000);
}

/** How long somebody has waited, and how urgent that is: "", "amber" from 5 minutes, "red" from 15. */
export function waiting(since, now = nowSeconds()) {
  const minutes = Math.floor((now - since) / MINUTE);
  const urgency = minutes >= 15 ? "red" : minutes >= 5 ? "amber" : "";
  const length = minutes < MINUTE ? t("{n} min", { n: minutes }) : minutes < 1440 ? t("{n} h", { n: Math.floor(minutes / 60) }) : t("{n} d", { n: Math.floor(minutes / 1440) });
  return { urgency, text: t("waiting {length}", { length }) };
}

/** A `<time>` that `keepFresh` renews. */
export function setAgo(node, seconds) {
  node.dataset.at = seconds;
  node.dateTime = new Date(seconds * 1000).toISOString();
  node.title = fullTime(seconds);
  setText(node, ago(seconds));
}

export function setWaiting(node, since) {
  const { urgency, text } = waiting(since);
  node.dataset.since = since;
  node.hidden = nowSeconds() - since < MINUTE;
  node.className = `chip waiting ${urgency}`;
  setText(node.lastElementChild, text);
}

export function keepFresh(root = document) {
  const renew = () => {
    for (const node of root.querySelectorAll("time[data-at]")) setText(node, ago(Number(node.dataset.at)));
    for (const node of root.querySelectorAll("[data-since]")) setWaiting(node, Number(node.dataset.since));
  };
  renew();
  setInterval(renew, 20_000);
}
