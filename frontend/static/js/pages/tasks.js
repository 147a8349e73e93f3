// One's own tasks. A task that somebody of this account starts elsewhere appears by itself on the first page.
import { useTaskList } from "../task-list.js";
import "../task-progress.js";

const root = document.querySelector("[data-tasks]");
const me = document.querySelector(".rail[data-me]").dataset.me;

useTaskList(root, {
  me,
  onUnknown(task, add) {
    const isFirstPage = root.dataset.page === "1" && !("only" in root.dataset);
    if (!isFirstPage || task.owner_id !== me) return;
    if (root.querySelector(".tasks")) add(task);
    else htmx.trigger(document.body, "tasks-changed"); // the first one takes the place of the empty list's words
  },
});
