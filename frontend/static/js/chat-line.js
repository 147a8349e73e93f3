// Puts the parts of a live page together: socket, people, outbox, thread. The inbox, the admin's wall and the
// buyer's page differ in what they add, not in how a message travels.
import { useBearer } from "./api.js";
import { Delivery } from "./delivery.js";
import { Live } from "./live.js";
import { Outbox, newClientId } from "./outbox.js";
import { carry } from "./task-news.js";
import { Thread } from "./thread.js";
import { TypingWatch } from "./typing.js";

/**
 * `prepare(draft)` may fill in what only the server can know (a conversation that begins with this message).
 * `session` is the buyer's; without it the cookie speaks. `owner` names the outbox.
 */
export function chatLine({ list, people, side, me, store, address, session = null, owner = me, prepare = async (draft) => draft, canWrite = true }) {
  if (session) useBearer(session);
  const live = new Live({ address, token: session ? (how) => session.token(how) : undefined, vector: () => ({ ...store.vector(), ...thread.vector() }) });
  const delivery = new Delivery(live);
  const outbox = canWrite ? new Outbox({ owner, deliver: async (draft) => delivery.deliver(await prepare(draft)) }) : null;
  const thread = new Thread({ list, people, side, me, outbox });
  const typing = new TypingWatch((id, on) => line.onTyping?.());
  const line = { live, outbox, thread, typing, wasReady: false, write: (facts) => write(outbox, thread, facts) };

  carry(live);
  outbox?.addEventListener("sent", ({ detail: { draft, sent } }) => thread.settle(draft.conversation_id, (one) => one.confirm({ client_id: draft.client_id, ...sent })));
  outbox?.addEventListener("failed", ({ detail: { draft, problem } }) => thread.settle(draft.conversation_id, (one) => one.fail(draft.client_id, problem)));
  live.addEventListener("ready", () => outbox?.resume());
  live.addEventListener("message", ({ detail }) => {
    typing.hear({ conversation_id: detail.conversation_id, user_id: detail.sender_id, on: false });
    thread.hear(detail);
  });
  live.addEventListener("read", ({ detail }) => {
    store.markRead(detail.conversation_id, detail.side, detail.seq);
    thread.hearRead(detail);
  });
  live.addEventListener("typing", ({ detail }) => detail.user_id !== (session?.userId ?? me) && typing.hear(detail));
  live.addEventListener("online_users", ({ detail }) => people.setOnline(detail.users));
  live.addEventListener("status", ({ detail }) => people.setStatus(detail.user_id, detail.status));
  live.addEventListener("message_deleted", ({ detail }) => {
    store.hearDeleted?.(detail);
    thread.hearDeleted(detail);
    line.onDeleted?.(detail);
  });
  live.addEventListener("note_removed", ({ detail }) => thread.hearNoteRemoved(detail));
  live.addEventListener("ready", () => {
    if (line.wasReady) thread.refreshAsides();
    line.wasReady = true;
  });
  live.addEventListener("note", ({ detail }) => thread.hearAside("notes", detail.note ?? detail));
  live.addEventListener("activity", ({ detail }) => thread.hearAside("activities", detail.activity ?? detail));
  live.addEventListener("synced", ({ detail }) => catchUp(thread, detail));
  listenToRows(list, outbox, thread);
  return line;
}

/** What `sync` could not carry is fetched. */
function catchUp(thread, { conversations = {}, more = [] }) {
  const { current, id } = thread;
  if (!current) return;
  if (more.includes(id) || (conversations[id] ?? 0) > current.store.lastSeq) thread.catchUp(id);
}

function write(outbox, thread, { conversationId, sender, role, content, attachments, ...extra }) {
  const isPictures = attachments.length > 0 && attachments.every((one) => one.content_type.startsWith("image/"));
  const draft = {
    ...extra,
    client_id: newClientId(),
    conversation_id: conversationId,
    sender_id: sender,
    sender_role: role,
    content,
    attachments,
    message_type: attachments.length === 0 ? "text" : isPictures ? "image" : "file",
    written_at: Date.now(),
  };
  thread.addPending({ ...draft, created_at: Math.floor(draft.written_at / 1000) });
  outbox.add(draft);
  return draft;
}

/** "Try again" and "Discard" under a message that was refused. */
function listenToRows(list, outbox, thread) {
  if (!outbox) return;
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    const key = button?.closest("[data-key]")?.dataset.key;
    if (!key) return;
    if (button.dataset.action === "retry") {
      thread.current.store.retry(key);
      outbox.retry(key);
    } else {
      thread.current.store.discard(key);
      outbox.discard(key);
    }
    thread.draw();
  });
}
