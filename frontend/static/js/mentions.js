// Notes of colleagues that name this person: said once, and marked on the card until the conversation is opened.
import { get, post } from "./api.js";
import { t } from "./page.js";
import { toast } from "./toast.js";

/** Answers a `Set` of conversation ids with a mention that was not seen, and `seen(id)`. */
export function useMentions({ live, people, openId, changed }) {
  const unseen = new Set();

  function seen(id) {
    if (!unseen.delete(id)) return;
    post(`/conversations/${id}/mentions/seen`, {}).catch(() => unseen.add(id));
    changed();
  }

  live.addEventListener("mentioned", ({ detail }) => {
    unseen.add(detail.conversation_id);
    if (detail.conversation_id === openId() && document.visibilityState === "visible") return seen(detail.conversation_id);
    toast(t("{who} mentions you in a note.", { who: people.nameOf(detail.author_id, "merchant") }), { href: `/inbox/${detail.conversation_id}`, label: t("Open") });
    return changed();
  });
  live.addEventListener("ready", async () => {
    const list = await get("/mentions/").catch(() => null);
    if (!list) return;
    unseen.clear();
    for (const one of list.results) unseen.add(one.conversation_id);
    if (unseen.has(openId())) seen(openId());
    changed();
  });
  return { unseen, seen };
}
