// Places a native popover at its button and lets arrow keys walk through it. The browser does the rest.

const GAP = 6;

function place(menu, button) {
  const at = button.getBoundingClientRect();
  const box = menu.getBoundingClientRect();
  const isLow = at.bottom + GAP + box.height > innerHeight;
  const top = isLow ? at.top - GAP - box.height : at.bottom + GAP;
  const beside = menu.dataset.side === "start" ? at.left : at.right - box.width;
  menu.style.top = `${Math.max(8, Math.min(top, innerHeight - box.height - 8))}px`;
  menu.style.left = `${Math.max(8, Math.min(beside, innerWidth - box.width - 8))}px`;
}

/** `button()` is where the menu belongs now; one menu may serve many buttons. */
export function useMenu(menu, button) {
  menu.addEventListener("toggle", (event) => {
    const isOpen = event.newState === "open";
    button()?.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    place(menu, button());
    menu.querySelector("[autofocus], .item:not([hidden])")?.focus({ preventScroll: true });
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const items = [...menu.querySelectorAll(".item:not([hidden])")];
    const at = items.indexOf(document.activeElement);
    items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length]?.focus();
  });
  menu.addEventListener("click", (event) => event.target.closest(".item[data-closes]") && menu.hidePopover());
}

export function useMenus(root = document) {
  for (const menu of root.querySelectorAll("[popover].menu")) {
    const button = root.querySelector(`[popovertarget="${menu.id}"]`);
    if (button) useMenu(menu, () => button);
  }
}
