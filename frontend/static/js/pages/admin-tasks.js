// Everybody's tasks. Rows move live; new ones wait behind a button, so that nothing slips away under the reader's hand.
import { setText } from "../dom.js";
import { tn } from "../page.js";
import { useTaskList } from "../task-list.js";
import "../task-progress.js";

const QUEUES_MS = 5_000;
const root = document.querySelector("[data-tasks]");
const queues = document.getElementById("queues");
const button = document.getElementById("show-new");
const unseen = new Set();

// On a phone the queues would stand before everything else.
document.getElementById("queues-box").open = matchMedia("(min-width: 768px)").matches;

useTaskList(root, {
  me: document.querySelector(".rail[data-me]").dataset.me,
  onUnknown(task) {
    if (root.dataset.page !== "1" || unseen.has(task.id)) return;
    unseen.add(task.id);
    button.hidden = false;
    setText(button.lastElementChild, tn("Show {n} new task", "Show {n} new tasks", unseen.size));
  },
});

button.addEventListener("click", () => {
  unseen.clear();
  button.hidden = true;
  htmx.trigger(document.body, "tasks-changed");
});

/** Not while somebody types a limit: the answer would take the words away. */
setInterval(() => {
  const isTyping = queues.contains(document.activeElement) && document.activeElement.matches("input");
  if (!isTyping && document.visibilityState === "visible") htmx.trigger(document.body, "queues-due");
}, QUEUES_MS);
