// What a conversation knows of its last message: what a list shows of it and what it is ordered by. Pure.

const FIELDS = ["last_seq", "last_message", "last_message_type", "last_sender_id", "last_message_time", "customer_unread"];

/** The creation time until the first message. */
export const lastTime = (one) => one.last_message_time ?? one.created_at;

/** `known` and `one` as one: an older state never replaces a newer one. `more`: fields that go with the last message too. */
export function merged(known, one, more = []) {
  const next = known && known.updated_at > one.updated_at ? { ...one, ...known } : { ...known, ...one };
  const latest = known && known.last_seq > one.last_seq ? known : one;
  return { ...next, ...Object.fromEntries([...FIELDS, ...more].map((field) => [field, latest[field]])) };
}

/** What becomes known with a message's frame. */
export function toldBy(message) {
  return {
    last_seq: message.seq,
    last_message: message.content || (message.attachments?.[0]?.name ?? ""),
    last_message_type: message.message_type,
    last_sender_id: message.sender_id,
    last_message_time: message.timestamp ?? message.created_at,
  };
}

/** What is left when the last message was taken back: its preview goes with it. */
export const TAKEN_BACK = { last_message: "", last_message_type: "text" };
