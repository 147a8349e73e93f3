// What a list is narrowed to: as the API is asked for it, and whether a conversation belongs to it. Pure.

/** Whether `one` belongs to the list. The open one (`isPinned`) is not put away for being read or answered. */
export function fitsFilter(one, filter, { me, now, isPinned = false }) {
  const { assignee, status, merchant, label = [], priority = [], channel, unread, waiting_minutes: minutes } = filter;
  if (assignee === "me" ? one.assignee_id !== me : assignee === "none" ? one.assignee_id !== null : assignee && one.assignee_id !== assignee) return false;
  if (merchant && one.merchant_id !== merchant) return false;
  if (status && one.status !== status) return false;
  if (channel && one.channel !== channel) return false;
  if (priority.length > 0 && !priority.includes(one.priority)) return false;
  if (!label.every((name) => one.labels.includes(name))) return false;
  if (isPinned) return true;
  if (unread !== undefined && unread !== null && one.merchant_unread > 0 !== unread) return false;
  return !minutes || (one.waiting_since !== null && one.waiting_since <= now - minutes * 60);
}

/** The filter as parameters of `/conversations/`. */
export function paramsOf({ assignee, status, merchant, name, label = [], priority = [], channel, unread, waiting_minutes, sort, order }) {
  const params = new URLSearchParams();
  const single = { assignee, status, merchant_id: merchant, q: name, channel, unread, waiting_minutes, sort, order };
  for (const [key, value] of Object.entries(single)) if (value !== undefined && value !== null && value !== "") params.set(key, value);
  for (const one of label) params.append("label", one);
  for (const one of priority) params.append("priority", one);
  return params;
}

/** How many things the list is narrowed by beside its tab and status. */
export function countOf({ label = [], priority = [], channel, unread, waiting_minutes, person }) {
  return label.length + priority.length + [channel, waiting_minutes, person].filter(Boolean).length + (unread === undefined || unread === null ? 0 : 1);
}
