// How a task stands, in words, and which news of it count. No page, no network: Node's tests run all of it.
import { locale, t, tn } from "./page.js";

const ENDED = new Set(["completed", "failed", "cancelled", "expired"]);
const STAGES = { pending: 0, queued: 0, processing: 1 };
const MAX_ASKS = 3; // in a row, while the answers are older than what was heard meanwhile
const QUARTER = 25; // percent between two announcements

export const isEnded = (task) => ENDED.has(task.status);
const stage = (task) => STAGES[task.status] ?? 2;

/** The task of a `task` frame in the page's language; frames carry English and every translation. */
export function translated({ task, translations = {} }, language = locale) {
  return { ...task, ...translations[language] };
}

const isSameRun = (known, news) => known.attempts === news.attempts && known.started_at === news.started_at;

/** What to do with news: "take", "leave" (older than what we know), or "ask" the server, because both are possible. */
export function judge(known, news) {
  if (!known) return "take";
  if (isEnded(known)) {
    if (isEnded(news) && news.status === known.status) return news.finished_at > known.finished_at ? "take" : "leave";
    return "ask"; // somebody runs it again, or a late frame of the run that has ended
  }
  if (!isSameRun(known, news)) {
    const isLater = stage(news) > 0 && (news.started_at ?? 0) >= (known.started_at ?? 0) && news.attempts >= known.attempts;
    return isLater ? "take" : "ask";
  }
  if (stage(news) !== stage(known)) return stage(news) > stage(known) ? "take" : "ask";
  return news.progress >= known.progress ? "take" : "leave";
}

/** A worker's report may not know yet that somebody asked it to stop; the wish does not go away by that. */
export function merged(known, news) {
  const isStopping = known?.is_cancelling && isSameRun(known, news) && !isEnded(news);
  return isStopping ? { ...news, is_cancelling: true, can_cancel: false } : news;
}

/** One short sentence: where the task stands. */
export function sentence(task) {
  if (task.is_cancelling) return t("Stopping…");
  if (stage(task) === 0 && task.attempts > 0 && task.error) return t("It did not work and will be tried again.");
  if (task.status === "pending") return t("Waits for its time.");
  if (task.status === "queued") return t("Waits for its turn.");
  if (task.status === "processing") return task.message || t("Working…");
  if (task.status === "completed") return t("Done.");
  if (task.status === "cancelled") return t("Cancelled.");
  if (task.status === "expired") return t("It waited for too long and was given up.");
  return task.error?.detail || t("It failed.");
}

/** The task by its name, and where it stands. */
export const named = (task) => t("{title}: {sentence}", { title: task.title, sentence: sentence(task) });

/** What a screen reader hears of a change: beginnings, quarters, ends; "" for all the rest. */
export function announcement(before, now) {
  if (isEnded(now)) return before && !isEnded(before) ? named(now) : "";
  if (now.status !== "processing") return "";
  if (!before || before.status !== "processing") return t("{title} has begun.", { title: now.title });
  const isNewQuarter = Math.floor(now.progress / QUARTER) > Math.floor(before.progress / QUARTER);
  return isNewQuarter ? t("{title}: {n} %", { title: now.title, n: now.progress }) : "";
}

/** "3 tasks are running" for the ring in the rail. */
export const runningText = (count) => tn("{n} task is running", "{n} tasks are running", count);

/** One task as it is heard of. The event is a nudge, the fetch is the truth: `read(id)` fetches, "change" tells. */
export class TaskFollow extends EventTarget {
  #heard = 0;
  #isAsking = false;
  #isAskedAgain = false;

  constructor({ id, read, known = null }) {
    super();
    Object.assign(this, { id: String(id), read, known });
  }

  /** A frame's task, in the page's language. */
  hear(task) {
    if (String(task.id) !== this.id) return undefined;
    const verdict = judge(this.known, task);
    if (verdict === "ask") return this.ask();
    if (verdict === "take") {
      this.#heard += 1;
      this.#show(merged(this.known, task));
    }
    return undefined;
  }

  /** Fetch. Rejects when the server cannot be asked; what is known stays. */
  async ask() {
    this.#isAskedAgain = this.#isAsking;
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      for (let turn = 0; turn < MAX_ASKS; turn += 1) {
        this.#isAskedAgain = false;
        const heard = this.#heard;
        const task = await this.read(this.id);
        const verdict = heard === this.#heard ? "take" : judge(this.known, task);
        if (verdict === "take") this.#show(task);
        if (verdict !== "ask" && !this.#isAskedAgain) return;
      }
    } finally {
      this.#isAsking = false;
    }
  }

  #show(task) {
    const before = this.known;
    this.known = task;
    this.dispatchEvent(new CustomEvent("change", { detail: { before, task } }));
  }
}
