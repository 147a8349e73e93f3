// Ways in which files come to a composer: the button, dropped on the thread, pasted.
import { part } from "./dom.js";

/** `take(files)` puts them into the tray. */
export function acceptFiles(composer, { take }) {
  const input = composer.querySelector("input[type=file]");
  part(composer, "attach").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
    composer.textarea.focus();
  });
  composer.textarea.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    take(event.clipboardData.files);
  });
  acceptDrops(composer, take);
}

function acceptDrops(composer, take) {
  const zone = composer.closest("[data-drop-zone]") ?? composer;
  const overlay = part(zone, "drop-here");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const show = (isOn) => overlay && (overlay.hidden = !isOn);
  zone.addEventListener("dragover", (event) => {
    if (!hasFiles(event) || composer.mode === "note" || composer.offsetParent === null) return;
    event.preventDefault();
    show(true);
  });
  zone.addEventListener("dragleave", (event) => !zone.contains(event.relatedTarget) && show(false));
  zone.addEventListener("drop", (event) => {
    show(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
    composer.textarea.focus();
  });
}
