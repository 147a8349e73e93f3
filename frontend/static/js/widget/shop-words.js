// What the shop's page says through the loader, and what the buyer's page does then.
import { hearShop } from "../frame.js";
import { comeBack, enter } from "./entering.js";

const THEMES = { light: "light", dark: "dark", auto: "" };

/** `see(page)`, `opened(conversationId)`, `send(text)`, `threadId()`. */
export function obeyShop({ session, see, opened, send, threadId }) {
  const root = document.documentElement;
  const words = {
    opened({ conversation }) {
      root.classList.remove("folded");
      opened(conversation);
    },
    folded: () => root.classList.add("folded"),
    page: ({ page }) => see(page),
    identify: ({ token }) => enter(session, { token }).then((isNew) => isNew && comeBack(threadId())),
    logout: () => session.logout().then((was) => was && comeBack(null)),
    set({ theme, page }) {
      if (theme in THEMES) root.dataset.theme = THEMES[theme];
      see(page);
    },
    send: ({ text }) => send(text),
  };
  hearShop((said) => Object.hasOwn(words, said.parley) && words[said.parley](said));
}

/** Another tab became somebody else, or nobody: this one follows. */
export function followOtherTabs(shopId) {
  addEventListener("storage", ({ key, oldValue, newValue }) => {
    if (key !== `parley.customer.${shopId}`) return;
    const who = (value) => (value ? JSON.parse(value).user_id : null);
    if (who(oldValue) !== who(newValue)) location.reload();
  });
}
