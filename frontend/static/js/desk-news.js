// What reaches somebody who looks elsewhere: toasts, sound, notifications, the number on the rail and in the title.
import { page } from "./page.js";
import { askNotify } from "./ask-notify.js";
import { Notifier } from "./notifier.js";
import { setText } from "./dom.js";
import { badge } from "./title-badge.js";
import { nameOf } from "./avatar.js";

export function deskNews({ people, view, store, open, isAtBottom }) {
  const inView = () => (view.openId && view.isWatching() && isAtBottom() ? view.openId : null);
  const notifier = new Notifier({ me: page.me.id, people, view, inView, isWatching: view.isWatching, open });
  askNotify({ bar: document.getElementById("ask-notify"), notifier });
  const pill = document.getElementById("rail-unread");

  return {
    hear: (message) => {
      const one = store.get(message.conversation_id);
      if (one) notifier.tell(message, one);
    },
    seen: (id) => notifier.seen(id),
    drawBadge() {
      const { unread } = store;
      const one = view.openId && store.get(view.openId);
      badge(unread, one ? `${nameOf(one.customer)} · Parley` : undefined);
      pill.hidden = unread === 0;
      setText(pill, unread > 99 ? "99+" : String(unread));
    },
  };
}
