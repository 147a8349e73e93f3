// The builder: what is chosen shows at once in the real widget beside the form, and the lines to embed it can be copied.
import { setText } from "../dom.js";
import { t } from "../page.js";
import { toast } from "../toast.js";

const COLOUR = /^#[0-9a-f]{6}$/i;
const form = document.getElementById("widget-form");
const frame = document.getElementById("preview");
const launcher = document.getElementById("mock-launcher");
const well = document.getElementById("color-well");
const field = (name) => form.elements.namedItem(name);

function chosen() {
  const texts = ["launcher_text", "title", "tagline", "consent", "position", "theme", "ask_name", "ask_email", "ask_phone", "ask_question"];
  const look = Object.fromEntries(texts.map((name) => [name, field(name).value.trim()]));
  const ticks = Object.fromEntries(["show_team", "ask_rating"].map((name) => [name, field(name).checked]));
  return { ...look, ...ticks, ...(COLOUR.test(field("color").value) ? { color: field("color").value.toLowerCase() } : {}) };
}

/** Black or white, whichever is read better on the colour: the server decides the same for the widget itself. */
function readableOn(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255).map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return 1.05 / (light + 0.05) >= 4.5 ? "#ffffff" : "#000000";
}

function show() {
  const look = chosen();
  frame.contentWindow.postMessage({ look, defaultTagline: field("tagline").placeholder }, location.origin);
  setText(launcher.lastElementChild, look.launcher_text);
  launcher.classList.toggle("start", look.position === "start");
  if (!look.color) return;
  launcher.style.setProperty("--launcher", look.color);
  launcher.style.setProperty("--on-launcher", readableOn(look.color));
}

form.addEventListener("input", (event) => {
  if (event.target === well) field("color").value = well.value;
  else if (event.target === field("color") && COLOUR.test(event.target.value)) well.value = event.target.value;
  show();
});
addEventListener("message", (event) => {
  if (event.source === frame.contentWindow && event.origin === location.origin && event.data?.parley === "preview") show();
});
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    toast(t("Copied."));
  } catch {
    toast(t("The browser does not allow copying here."));
  }
});
show();
