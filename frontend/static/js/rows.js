// What a thread shows, line by line, from what is known. Pure: the same input gives the same rows with the same keys.

const MINUTE = 60;

/** A message keeps its key from the first key press to the database and back: its client_id. */
export const keyOf = (message) => message.client_id || message.id;

/** Messages, notes and activities in one order: by seq, and between two seqs by time. */
function merged(messages, pending, notes, activities, firstSeq) {
  const asides = [...notes.map((note) => ({ kind: "note", at: note })), ...activities.map((activity) => ({ kind: "activity", at: activity }))]
    .filter((aside) => aside.at.after_seq >= firstSeq - 1)
    .sort((a, b) => a.at.after_seq - b.at.after_seq || a.at.created_at - b.at.created_at || (a.at.id < b.at.id ? -1 : 1));
  const lines = [];
  let next = 0;
  const take = (seq) => {
    while (next < asides.length && asides[next].at.after_seq <= seq) lines.push(asides[next++]);
  };
  take(firstSeq - 1);
  for (const message of messages) {
    lines.push({ kind: "message", at: message });
    take(message.seq);
  }
  take(Infinity);
  for (const draft of pending) lines.push({ kind: "message", at: draft, draft });
  return lines;
}

function stateOf(line, isMine, readByOther, deliveredToOther) {
  if (line.draft) return line.draft.state;
  if (!isMine) return "";
  if (line.at.seq <= readByOther) return "read";
  return line.at.seq <= deliveredToOther ? "delivered" : "sent";
}

/**
 * `isMine(message)` says on whose side a message stands, `dayOf(seconds)` names the reader's day,
 * `dividerAfter` is the seq that had been read when the thread was opened (null: no divider).
 */
export function rowsOf({ messages, pending = [], notes = [], activities = [], isMine, dayOf, readByOther = 0, deliveredToOther = 0, dividerAfter = null }) {
  const firstSeq = messages[0]?.seq ?? 1;
  const rows = [];
  let day = null;
  let last = null;
  let hasDivider = dividerAfter === null;
  for (const line of merged(messages, pending, notes, activities, firstSeq)) {
    const lineDay = dayOf(line.at.created_at);
    if (lineDay !== day && line.kind !== "activity") {
      rows.push({ key: `day-${lineDay}`, kind: "day", at: line.at.created_at });
      day = lineDay;
      last = null;
    }
    const mine = line.kind === "message" && isMine(line.at);
    if (!hasDivider && line.kind === "message" && !line.draft && !mine && line.at.seq > dividerAfter) {
      rows.push({ key: "divider", kind: "divider" });
      hasDivider = true;
      last = null;
    }
    if (line.kind !== "message") {
      rows.push({ key: `${line.kind}-${line.at.id}`, kind: line.kind, [line.kind]: line.at });
      last = null;
      continue;
    }
    const row = { key: keyOf(line.at), kind: "message", message: line.at, mine, state: stateOf(line, mine, readByOther, deliveredToOther), problem: line.draft?.problem ?? "" };
    row.joined = last !== null && last.message.sender_id === line.at.sender_id && last.message.sender_role === line.at.sender_role && Math.floor(last.message.created_at / MINUTE) === Math.floor(line.at.created_at / MINUTE);
    row.ends = true;
    if (row.joined && last.state === row.state) last.ends = false;
    rows.push(row);
    last = row;
  }
  return rows;
}
