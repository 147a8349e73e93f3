// A question before something that cannot be taken back, in the browser's own dialog.
import { clone, part, setText } from "./dom.js";
import { t } from "./page.js";

/** Resolves to true when the person says yes. */
export function askFirst(title, words, yes = t("Delete")) {
  const dialog = clone("delete-template");
  setText(dialog.querySelector("[value=yes]"), yes);
  setText(dialog.querySelector("h2"), title);
  setText(part(dialog, "words"), words);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
  });
}
