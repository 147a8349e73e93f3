// Until when a conversation may sleep: the times that people mean, in the reader's own day. Pure.
import { locale, t } from "./page.js";

const HOUR = 3_600_000;
const MORNING = 9;
const short = new Intl.DateTimeFormat(locale, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const long = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

function morning(now, days) {
  const at = new Date(now);
  at.setDate(at.getDate() + days);
  at.setHours(MORNING, 0, 0, 0);
  return at.getTime();
}

/** [{label, hint, until}], `until` in seconds. Only what lies ahead. */
export function snoozeTimes(now = Date.now()) {
  const day = new Date(now).getDay();
  const tonight = new Date(now).setHours(18, 0, 0, 0);
  const month = new Date(now);
  month.setMonth(month.getMonth() + 1);
  const monday = morning(now, ((8 - day) % 7) || 7);
  const found = [
    [t("For an hour"), now + HOUR],
    [t("For four hours"), now + 4 * HOUR],
    ...(tonight - now > HOUR ? [[t("Until this evening"), tonight]] : []),
    [t("Until tomorrow"), morning(now, 1)],
    ...(monday === morning(now, 1) ? [] : [[t("Until Monday"), monday]]),
    [t("For a month"), morning(month.getTime(), 0)],
  ].sort(([, a], [, b]) => a - b);
  return found.map(([label, at]) => ({ label, hint: (at - now < 7 * 24 * HOUR ? short : long).format(at), until: Math.floor(at / 1000) }));
}

/** What a `datetime-local` field holds, as local time. */
export const localValue = (at) => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

/** Seconds of what somebody picked; null when it is no time ahead. */
export function pickedTime(value, now = Date.now()) {
  const at = new Date(value).getTime();
  return at > now ? Math.floor(at / 1000) : null;
}
