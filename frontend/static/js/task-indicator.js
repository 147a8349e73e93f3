// The ring in the rail: something of yours is running, and how far it is in all. A short word when something ends.
import { get, query } from "./api.js";
import { part, setText } from "./dom.js";
import { t } from "./page.js";
import { news, told } from "./task-news.js";
import { isEnded, judge, merged, named, runningText } from "./task-state.js";
import { toast } from "./toast.js";

const RUNNING = ["queued", "processing"];
const isRunning = (task) => RUNNING.includes(task.status);

/** The share of all work that is done, 0 to 1; what has not begun counts as nothing done. */
export const shareOf = (tasks) => (tasks.length ? tasks.reduce((sum, task) => sum + task.progress, 0) / tasks.length / 100 : 0);

export function useTaskIndicator(place, me) {
  const running = new Map();
  const words = part(place, "running");
  told.owner = me;

  const draw = () => {
    const count = running.size;
    place.classList.toggle("is-running", count > 0);
    place.style.setProperty("--share", shareOf([...running.values()]).toFixed(3));
    setText(words, count ? runningText(count) : "");
    place.title = count ? runningText(count) : t("Tasks");
  };
  const keep = (task) => {
    if (isRunning(task)) running.set(task.id, task);
    else running.delete(task.id);
  };
  const ended = (task) => {
    if (!isEnded(task)) return;
    const isHere = place.getAttribute("aria-current") === "page";
    const file = task.result?.file_id && { href: `/tasks/${task.id}/file`, label: t("Download") };
    toast(named(task), file || (isHere ? null : { href: "/tasks", label: t("Show tasks") }));
  };
  const hear = (task) => {
    if (task.owner_id !== me) return;
    const known = running.get(task.id);
    if (known && judge(known, task) === "leave") return;
    keep(merged(known, task));
    if (known) ended(task);
    draw();
  };
  /** What ended while nobody listened is told too. */
  const catchUp = async () => {
    try {
      const { results } = await get(`/tasks/${query({ page_size: 100 })}&${RUNNING.map((one) => `status=${one}`).join("&")}`);
      const here = new Set(results.map((task) => task.id));
      const gone = [...running.keys()].filter((id) => !here.has(id));
      results.filter((task) => task.owner_id === me).forEach(keep);
      for (const task of await Promise.all(gone.map((id) => get(`/tasks/${id}`)))) {
        if (running.has(task.id)) ended(task);
        keep(task);
      }
      draw();
    } catch {
      // the next `ready` tries again, and every frame puts one task right
    }
  };
  news.addEventListener("task", ({ detail }) => hear(detail));
  news.addEventListener("ready", catchUp);
}
