// Pages of one thread over HTTP, put into its store: the newest, what came after, what stands before.
import { get, query } from "./api.js";

const PAGE = 60;
const LARGEST = 200; // messages of one answer
const LANES = 6; // answers at once, when somebody jumps far back
const CONTEXT = 30; // messages before the one that is jumped to

const messagesOf = (id, params) => get(`/conversations/${id}/messages/${query(params)}`);

/** What the merchant's side wrote beside the messages. */
export async function fetchAsides(id) {
  const [notes, activities] = await Promise.all([get(`/conversations/${id}/notes/`), get(`/conversations/${id}/activities/`)]);
  return { notes: notes.results, activities: activities.results };
}

export async function fetchNewest(id, store) {
  store.load((await messagesOf(id, { limit: PAGE })).results);
}

/** Everything after what we have. `drawn(fresh)` is called for each page that brought something. */
export async function fetchAfter(id, store, isMine, drawn) {
  for (;;) {
    const before = store.lastSeq;
    const page = await messagesOf(id, { after_seq: before, limit: LARGEST }).catch(() => null);
    if (!page) return; // the next sync tries again
    store.merge(page.results);
    if (store.lastSeq > before) drawn(page.results.filter((message) => !isMine(message)).length);
    if (store.lastSeq >= page.count || store.lastSeq === before) return;
  }
}

/** One page of older ones; false when there was none. */
export async function fetchOlder(id, store) {
  const page = await messagesOf(id, { before_seq: store.firstSeq, limit: PAGE }).catch(() => null);
  return Boolean(page) && store.prepend(page.results);
}

/** Everything from a little before `seq` on: seqs have no gaps, so the pages are known and fetched side by side. */
export async function fetchBack(id, store, seq) {
  const ends = [];
  for (let end = store.firstSeq; end > Math.max(1, seq - CONTEXT); end -= LARGEST) ends.push(end);
  for (let at = 0; at < ends.length; at += LANES) {
    const pages = await Promise.all(ends.slice(at, at + LANES).map((end) => messagesOf(id, { before_seq: end, limit: LARGEST })));
    for (const page of pages) store.prepend(page.results);
  }
}
