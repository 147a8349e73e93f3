// Online, busy, away: chosen in the person's menu, kept by the server, the same on every page and device.
import { put } from "./api.js";
import { news } from "./task-news.js";
import { t } from "./page.js";
import { toast } from "./toast.js";

const SAID = {
  online: () => t("You are online: new conversations are assigned to you."),
  busy: () => t("You are busy: nothing new is assigned to you."),
  away: () => t("You are away: nothing new is assigned to you."),
};

export function useAvailability(root = document) {
  const buttons = [...root.querySelectorAll("[data-availability]")];
  if (buttons.length === 0) return;
  const me = root.querySelector(".rail[data-me]");
  const show = (chosen) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.availability === chosen));
    const face = me.querySelector(".me .avatar");
    if (face) face.dataset.presence = chosen;
  };
  const chosen = () => buttons.find((button) => button.getAttribute("aria-pressed") === "true")?.dataset.availability;

  for (const button of buttons) {
    button.addEventListener("click", async () => {
      const before = chosen();
      const wanted = button.dataset.availability;
      show(wanted);
      try {
        await put("/staff/me/availability", { availability: wanted });
        toast(SAID[wanted]());
      } catch (error) {
        show(before);
        toast(error.message);
      }
    });
  }
  // Another tab or device of the same person.
  news.addEventListener("availability", ({ detail }) => detail.user_id === me.dataset.me && show(detail.availability));
}
