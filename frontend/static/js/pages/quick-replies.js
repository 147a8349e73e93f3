// Quick replies: variables at a press, how the text will read, files that go with it.
import { upload } from "../api.js";
import { make, part } from "../dom.js";
import { page, t } from "../page.js";
import { filled, unfilled } from "../quick-reply-picker.js";

const samples = page.samples ?? {};

function look(form) {
  const text = part(form, "content").value;
  const preview = part(form, "preview");
  const shown = filled(text, samples);
  preview.hidden = shown === text;
  preview.textContent = preview.hidden ? "" : t("Preview: {text}", { text: shown });
  const strange = unfilled(text).filter((name) => !(name in samples));
  const unknown = part(form, "unknown");
  unknown.hidden = strange.length === 0;
  unknown.textContent = unknown.hidden ? "" : t("{names} cannot be filled in automatically.", { names: strange.map((name) => `{{${name}}}`).join(" ") });
}

function insert(form, words) {
  const area = part(form, "content");
  area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
  area.focus();
  look(form);
}

async function add(form, files) {
  const progress = part(form, "progress");
  for (const file of files) {
    try {
      const done = (share) => (progress.textContent = t("{name}: {percent} %", { name: file.name, percent: Math.round(share * 100) }));
      const stored = await upload(file, done).promise;
      const chip = make("label", "chip");
      const box = make("input");
      Object.assign(box, { type: "checkbox", name: "attachment_ids", value: stored.id, checked: true });
      chip.append(box, stored.name);
      part(form, "files").prepend(chip);
      progress.textContent = "";
    } catch (error) {
      progress.textContent = error.message;
    }
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-reply-form]");
  if (form && event.target === part(form, "content")) look(form);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-inserts]");
  if (button) insert(button.closest("[data-reply-form]"), button.dataset.inserts);
});

document.addEventListener("change", async (event) => {
  if (event.target.dataset.part !== "picker") return;
  await add(event.target.closest("[data-reply-form]"), [...event.target.files]);
  event.target.value = "";
});

function lookAtAll() {
  for (const form of document.querySelectorAll("[data-reply-form]")) look(form);
}

lookAtAll();
document.body.addEventListener("htmx:after:swap", () => {
  lookAtAll();
  if (document.activeElement === document.body) document.querySelector(".reply.editing textarea")?.focus({ preventScroll: true });
});
