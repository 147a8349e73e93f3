// What every page behind the sign-in has: avatars, menus, theme, the list of keys.
import { fillAll } from "../avatar.js";
import { useMenus } from "../menu.js";
import { useThemeSwitch } from "../theme.js";
import { useShortcuts } from "../shortcuts.js";

fillAll();
useMenus();
useThemeSwitch();

const dialog = document.getElementById("shortcuts");
document.querySelector('[data-open-dialog="shortcuts"]')?.addEventListener("click", () => dialog.showModal());
useShortcuts({ "?": () => dialog.showModal() });
