// What every page behind the sign-in has: avatars, menus, theme, the list of keys, what runs.
import { fillAll } from "../avatar.js";
import { useAvailability } from "../availability.js";
import { tellHandovers } from "../handovers.js";
import { useMenus } from "../menu.js";
import { openLine } from "../task-news.js";
import { useTaskIndicator } from "../task-indicator.js";
import { useThemeSwitch } from "../theme.js";
import { useShortcuts } from "../shortcuts.js";

fillAll();
useMenus();
useThemeSwitch();
useAvailability();

// On a narrow screen the places are a line that scrolls: the present one must be in sight.
document.querySelector('.places-nav [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });

const dialog = document.getElementById("shortcuts");
document.querySelector('[data-open-dialog="shortcuts"]')?.addEventListener("click", () => dialog.showModal());
useShortcuts({ "?": () => dialog.showModal() });

const rail = document.querySelector(".rail[data-me]");
tellHandovers(rail.dataset.me);
useTaskIndicator(rail.querySelector('[data-place="tasks"]'), rail.dataset.me);
openLine(rail.dataset.me); // the page's own script has opened one already where there is a chat
