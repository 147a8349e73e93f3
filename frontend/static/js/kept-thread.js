// What is kept in memory of one conversation, so that going back to it costs nothing.
import { MessageStore } from "./message-store.js";
import { Quotes } from "./quotes.js";

/** `idOf()` is its id now (a new thread gets one later); `changed(store)` when a quoted message is known. */
export function keptThread(id, { idOf, changed }) {
  const store = new MessageStore({ conversationId: id });
  const quotes = new Quotes({ byId: (one) => store.byId(one), conversationId: idOf, changed: () => changed(store) });
  return { store, quotes, notes: [], activities: [], dividerAfter: null, areAsidesOld: false };
}

/** A message from the outbox that was not confirmed when the page was left. */
export function restore(store, draft) {
  store.addPending({ ...draft, created_at: Math.floor(draft.written_at / 1000) });
  if (draft.problem) store.fail(draft.client_id, draft.problem);
}
