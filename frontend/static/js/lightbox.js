// Pictures large, in the browser's own dialog: arrows walk through all of them, + and - zoom, Escape closes, and focus
// returns to where it was.
import { clone, part, setText } from "./dom.js";
import { t } from "./page.js";

const ZOOMED = 2.5;

export function useLightbox(root = document) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-lightbox]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const around = link.closest("message-list, [data-gallery]") ?? root;
    open([...around.querySelectorAll("a[data-lightbox]")], link);
  });
}

function open(links, first) {
  const dialog = clone("lightbox-template");
  const picture = dialog.querySelector("img");
  const zoom = part(dialog, "zoom");
  const save = part(dialog, "save") ?? dialog.querySelector("a");
  let at = links.indexOf(first);

  const setZoom = (isOn) => {
    dialog.classList.toggle("zoomed", isOn);
    picture.style.maxInlineSize = isOn ? "none" : "";
    picture.style.maxBlockSize = isOn ? "none" : "";
    picture.style.inlineSize = isOn ? `${Math.round(Math.min(picture.naturalWidth, innerWidth) * ZOOMED)}px` : "";
    zoom?.setAttribute("aria-pressed", String(isOn));
  };
  const show = (index) => {
    at = (index + links.length) % links.length;
    setZoom(false);
    picture.src = links[at].href;
    picture.alt = links[at].dataset.lightbox;
    save.href = links[at].href;
    save.download = links[at].dataset.lightbox;
    const counter = part(dialog, "counter");
    if (counter) setText(counter, links.length > 1 ? t("{n} of {all}", { n: at + 1, all: links.length }) : "");
    for (const name of ["previous", "next"]) if (part(dialog, name)) part(dialog, name).hidden = links.length < 2;
  };

  part(dialog, "previous")?.addEventListener("click", () => show(at - 1));
  part(dialog, "next")?.addEventListener("click", () => show(at + 1));
  zoom?.addEventListener("click", () => setZoom(!dialog.classList.contains("zoomed")));
  picture.addEventListener("click", () => zoom && setZoom(!dialog.classList.contains("zoomed")));
  dialog.addEventListener("keydown", (event) => {
    const run = { ArrowLeft: () => show(at - 1), ArrowRight: () => show(at + 1), "+": () => setZoom(true), "=": () => setZoom(true), "-": () => setZoom(false) }[event.key];
    if (!run || (dialog.classList.contains("zoomed") && event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    run();
  });
  dialog.addEventListener("click", (press) => (press.target === dialog || press.target.matches(".stage") || press.target.closest("[data-close]")) && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  show(at);
}
