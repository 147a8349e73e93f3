// Whether somebody is there, and when somebody will be, as a visitor wants to hear it.
import { locale, t } from "../page.js";
import { clockTime, dayOf, nowSeconds } from "../relative-time.js";

const DAY = 86_400;
const weekday = new Intl.DateTimeFormat(locale, { weekday: "long" });
const date = new Intl.DateTimeFormat(locale, { month: "long", day: "numeric" });

/** "Back at 09:00", "Back tomorrow at 09:00", "Back on Monday at 09:00". */
export function backAt(seconds, now = nowSeconds()) {
  const days = Math.round((dayOf(seconds) - dayOf(now)) / DAY);
  const time = clockTime(seconds);
  if (days <= 0) return t("Back at {time}", { time });
  if (days === 1) return t("Back tomorrow at {time}", { time });
  const day = days < 7 ? weekday.format(seconds * 1000) : date.format(seconds * 1000);
  return t("Back on {day} at {time}", { day, time });
}

export function stateOf(shop, isOnline) {
  if (!shop.is_open) return shop.opens_at ? backAt(shop.opens_at) : t("We are closed. Leave us a message");
  if (isOnline) return t("We are online and usually reply within minutes");
  return t("We are away. Write to us, we reply as soon as we are back");
}
