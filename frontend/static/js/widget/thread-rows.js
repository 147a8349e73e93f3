// What one can do in a thread beside reading it: pictures large, a menu for each message. Loaded when a hand reaches for it.

export function useRows({ messages, thread, session }) {
  const once = (target, type, selector, load) => {
    const wake = async (event) => {
      const node = event.target.closest?.(selector);
      if (!node) return;
      event.preventDefault();
      event.stopPropagation();
      target.removeEventListener(type, wake, true);
      await load();
      node.click();
    };
    target.addEventListener(type, wake, true);
  };
  once(document, "click", "a[data-lightbox]", async () => (await import("../lightbox.js")).useLightbox());
  let isLoading = false;
  const useMenu = async () => {
    if (isLoading) return;
    isLoading = true;
    const { useMessageMenu } = await import("../message-menu.js");
    useMessageMenu({ list: messages, thread, me: () => session.userId });
  };
  for (const type of ["pointerover", "pointerdown", "focusin"]) messages.addEventListener(type, useMenu, { once: true });
}
