// Single keys, only while nobody is typing and nothing is open above the page.

export function isWriting(target) {
  return target.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "checkbox");
}

/** `keys` maps a key as the keyboard names it (lower case) to what it does. */
export function useShortcuts(keys) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open], [popover]:popover-open")) return;
    const name = event.key.toLowerCase();
    if (isWriting(event.target) && name !== "escape") return;
    const run = keys[name];
    if (!run) return;
    const isButton = event.target.closest?.("button, a, [role=option]");
    if (name === "enter" && isButton) return;
    event.preventDefault();
    run(event);
  });
}
