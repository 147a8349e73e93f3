// "5 minutes ago", "in 3 hours": the server's words for a moment, kept fresh by the page.
import { locale, t } from "./page.js";
import { nowSeconds } from "./relative-time.js";

const STEPS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
const JUST_NOW = 5;
const MONTH = 30 * 86_400;
const words = new Intl.RelativeTimeFormat(locale);
const dates = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });

/** Whole units, of which a page needs no more than one. */
export function ago(seconds, now = nowSeconds()) {
  const distance = seconds - now;
  if (Math.abs(distance) < JUST_NOW) return t("just now");
  if (Math.abs(distance) >= MONTH) return dates.format(seconds * 1000);
  const [unit, size] = STEPS.find(([, length]) => Math.abs(distance) >= length) ?? STEPS.at(-1);
  return words.format(Math.trunc(distance / size), unit);
}
