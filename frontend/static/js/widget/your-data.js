// A person's rights in two buttons. Loaded when somebody asks for it.
import { get, post } from "../api.js";
import { setText } from "../dom.js";
import { t } from "../page.js";

const LOOK_MS = 1_500;
const MOST_LOOKS = 80;

export function useYourData(dialog, { session }) {
  const state = dialog.querySelector("#your-data-state");
  const really = dialog.querySelector("#really");
  const attempt = async (button, work) => {
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      setText(state, error.message);
    } finally {
      button.disabled = false;
    }
  };
  dialog.addEventListener("close", () => {
    really.hidden = true;
    setText(state, "");
  });
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches("[data-close]")) dialog.close();
    if (button?.matches("[data-export]")) attempt(button, () => makeCopy(state));
    if (button?.matches("[data-delete]")) {
      really.hidden = false;
      really.querySelector("button").focus();
    }
    if (button?.matches("[data-delete-now]")) {
      attempt(button, async () => {
        await post("/users/me/deletion", { confirm: true });
        session.forget();
        location.reload();
      });
    }
  });
}

async function makeCopy(state) {
  setText(state, t("Your copy is being made…"));
  let task = await post("/users/me/export");
  for (let look = 0; look < MOST_LOOKS && !task.finished_at; look += 1) {
    await new Promise((done) => setTimeout(done, LOOK_MS));
    task = await get(`/tasks/${task.id}`);
  }
  const file = await get(`/tasks/${task.id}/file`);
  const link = document.createElement("a");
  link.href = file.url;
  link.download = file.name ?? "";
  link.textContent = t("Download your copy");
  state.replaceChildren(link);
  link.focus();
}
