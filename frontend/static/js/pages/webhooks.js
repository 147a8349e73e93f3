// The pages of webhooks: moments in the reader's own words, a secret to copy, no form sent twice by a reload.
import { ago } from "../long-time.js";
import { t } from "../page.js";
import { fullTime } from "../relative-time.js";

const FRESH_MS = 15_000;

function renew() {
  for (const node of document.querySelectorAll("time[data-when]")) {
    const at = Number(node.dataset.when);
    node.dateTime = new Date(at * 1000).toISOString();
    node.title = fullTime(at);
    const words = ago(at);
    if (node.textContent !== words) node.textContent = words;
  }
}

renew();
setInterval(renew, FRESH_MS);
document.body.addEventListener("htmx:after:swap", renew);

for (const button of document.querySelectorAll("[data-copies]")) {
  const words = button.querySelector("[aria-live]");
  button.addEventListener("click", async () => {
    const input = document.getElementById(button.dataset.copies);
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
    } catch {
      document.execCommand("copy"); // no clipboard without https
    }
    words.textContent = t("Copied");
  });
}

// A reload of the answer to a form would make another secret.
const once = document.querySelector("[data-afterwards]");
if (once) history.replaceState(null, "", once.dataset.afterwards);
