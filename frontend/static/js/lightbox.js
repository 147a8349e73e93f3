// Pictures large, in the browser's own dialog: Escape closes, focus returns to where it was.
import { clone } from "./dom.js";

export function useLightbox(root = document) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-lightbox]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const dialog = clone("lightbox-template");
    const picture = dialog.querySelector("img");
    picture.src = link.href;
    picture.alt = link.dataset.lightbox;
    const save = dialog.querySelector("a");
    save.href = link.href;
    save.download = link.dataset.lightbox;
    dialog.addEventListener("click", (press) => (press.target === dialog || press.target.closest("[data-close]")) && dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  });
}
