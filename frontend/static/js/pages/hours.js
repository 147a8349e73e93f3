// The week's form: times come, go and are copied; what would hold now is asked of the server, which knows the clocks.
import { calm } from "../dom.js";
import { useMenu } from "../menu.js";

const PREVIEW_MS = 400;
const form = document.getElementById("week");
const now = document.getElementById("now");
const days = [...form.querySelectorAll("[data-day]")];
const menu = document.getElementById("copy-menu");
let source = null;

const rangesOf = (day) => [...day.querySelectorAll(".range")].map((one) => [...one.querySelectorAll("input")].map((input) => input.value));

function add(day, [opens, closes] = []) {
  const one = day.querySelector("template").content.firstElementChild.cloneNode(true);
  const [begin, end] = one.querySelectorAll("input");
  if (opens !== undefined) [begin.value, end.value] = [opens, closes];
  day.querySelector(".closed").before(one);
  return begin;
}

/** After a lunch break rather than over the morning: the next free times of a usual day. */
function following(day) {
  const last = rangesOf(day).at(-1);
  if (!last) return undefined;
  const hour = Number(last[1].slice(0, 2)) + 1;
  return hour < 22 ? [`${String(hour).padStart(2, "0")}:00`, `${String(Math.min(hour + 4, 23)).padStart(2, "0")}:00`] : ["", ""];
}

function copyTo(day, ranges) {
  for (const one of day.querySelectorAll(".range")) one.remove();
  for (const range of ranges) add(day, range);
}

const TARGETS = {
  work: () => days.slice(0, 5),
  all: () => days,
  next: (from) => [days[(days.indexOf(from) + 1) % days.length]],
};

const preview = calm(() => htmx.ajax("POST", "/settings/hours/preview", { source: form, target: now, swap: "innerHTML" }), PREVIEW_MS);

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const day = event.target.closest("[data-day]");
  if (!button || !day) return;
  if (button.hasAttribute("data-add")) add(day, following(day)).focus();
  else if (button.hasAttribute("data-remove")) {
    button.closest(".range").remove();
    day.querySelector("[data-add]").focus();
  } else if (button.hasAttribute("data-copy")) {
    source = button;
    menu.togglePopover();
    return;
  }
  preview();
});
menu.addEventListener("click", (event) => {
  const to = event.target.closest("[data-to]")?.dataset.to;
  if (!to) return;
  const from = source.closest("[data-day]");
  const ranges = rangesOf(from);
  for (const day of TARGETS[to](from)) if (day !== from) copyTo(day, ranges);
  source.focus();
  preview();
});
form.addEventListener("change", preview);
useMenu(menu, () => source);
