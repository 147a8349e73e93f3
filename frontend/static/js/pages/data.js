// Exports and imports: the list of them moves by itself, and the focus follows what a form was answered with.
import { useTaskList } from "../task-list.js";
import "../task-progress.js";

const KINDS = ["chat.export", "chat.import_quick_replies", "chat.import_contacts"];
const root = document.querySelector("[data-tasks]");
const me = document.querySelector(".rail[data-me]").dataset.me;

useTaskList(root, {
  me,
  onUnknown(task, add) {
    if (task.owner_id !== me || !KINDS.includes(task.kind)) return;
    if (root.querySelector(".tasks")) add(task);
    else htmx.trigger(document.body, "tasks-changed");
  },
});

// A card that was replaced has nothing focused: who reads by ear goes on at what the card says now.
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) {
      if (node.nodeType !== 1 || !node.matches(".import")) continue;
      const lost = document.activeElement === document.body;
      if (lost) node.querySelector("[data-focus], input, button")?.focus({ preventScroll: true });
    }
  }
}).observe(root, { childList: true });
