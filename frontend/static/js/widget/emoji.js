// A handful of emoji that people use when they buy something. Arrow keys walk, Escape closes: a native popover.
import { make } from "../dom.js";

const SIGNS = [..."😊😄😂🥰😍😘🤔😅😢😭😡👍👎👌🙏👏💪🎉❤️🌹🎁📦🚚🌾🍚✅❓⭐".matchAll(/\p{Extended_Pictographic}\uFE0F?/gu)].map(([sign]) => sign);
const COLUMNS = 7;
const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };

export function fillEmoji(box, opener, take) {
  const buttons = SIGNS.map((sign) => {
    const button = make("button", "", sign);
    button.type = "button";
    button.addEventListener("click", () => {
      box.hidePopover();
      take(sign);
    });
    return button;
  });
  box.append(...buttons);
  box.addEventListener("toggle", (event) => {
    opener.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "open") buttons[0].focus();
  });
  box.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const at = buttons.indexOf(document.activeElement);
    buttons[Math.max(0, Math.min(buttons.length - 1, at + step))].focus();
  });
}
