// The orders of the list, as the server has them: a number for each conversation, ties by id. Pure.
import { lastTime } from "./last-message.js";

const NOT_WAITING = Number.MAX_SAFE_INTEGER;
const RANK = { urgent: 3, high: 2, normal: 1, low: 0 };
const RANK_STEP = 2 ** 40; // seconds fit below it

export const SORTS = ["activity", "waiting", "created", "priority"];

const KEYS = {
  activity: lastTime,
  waiting: (one) => one.waiting_since ?? NOT_WAITING,
  created: (one) => one.created_at,
  priority: (one) => RANK[one.priority] * RANK_STEP + lastTime(one),
};

/** Ids are digits of any length. */
const compareIds = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

/** A comparison for `sort`. Who waits long began at a small number, so that "desc" begins there. */
export function byOrder({ sort = "activity", order = "desc" }) {
  const key = KEYS[sort];
  const sign = (order === "desc") === (sort === "waiting") ? 1 : -1;
  return (a, b) => sign * (key(a) - key(b) || compareIds(a.id, b.id));
}

/** What the end of a page is compared by: it stays where it was when the conversation itself moves. */
export const edgeOf = ({ id, last_message_time, created_at, waiting_since, priority }) => ({ id, last_message_time, created_at, waiting_since, priority });
