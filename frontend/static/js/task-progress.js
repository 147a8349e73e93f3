// <task-progress data-task-id="…">: how one task stands, moving as it happens. The server may put the task's JSON into
// `data-task` and the bar into the markup; without them the element fetches and builds. Fires `taskchange` (bubbling).
import { announce, prepareVoice } from "./announce.js";
import { get } from "./api.js";
import { make, part, setText } from "./dom.js";
import { isLive, news, told } from "./task-news.js";
import { TaskFollow, announcement, isEnded, sentence } from "./task-state.js";

const RETRY_MS = 3_000;
const SILENCE_MS = 12_000; // of a task that should move; then we ask, because a frame may have been lost
const SPEAK_MS = 4_000; // between two quarters of one task

export class TaskProgress extends HTMLElement {
  #follow = null;
  #retry;
  #silence;
  #spokeAt = 0;
  #hear = ({ detail }) => this.#follow.hear(detail)?.catch((error) => this.#later(error));
  #ask = () => !(this.task && isEnded(this.task)) && this.refresh();

  /** What is known, or null. */
  get task() {
    return this.#follow?.known ?? null;
  }

  connectedCallback() {
    if (!part(this, "bar")) this.#build();
    prepareVoice();
    const known = this.dataset.task ? JSON.parse(this.dataset.task) : null;
    this.#follow = new TaskFollow({ id: this.dataset.taskId, known, read: (id) => get(`/tasks/${id}`) });
    this.#follow.addEventListener("change", ({ detail }) => this.#show(detail));
    news.addEventListener("task", this.#hear);
    news.addEventListener("ready", this.#ask);
    if (known) this.#draw(known);
    if (!known || isLive()) this.#ask();
  }

  disconnectedCallback() {
    news.removeEventListener("task", this.#hear);
    news.removeEventListener("ready", this.#ask);
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
  }

  /** Ask the server; what it answers is shown. */
  async refresh() {
    clearTimeout(this.#retry);
    try {
      await this.#follow.ask();
    } catch (error) {
      this.#later(error);
    }
  }

  #later(error) {
    if (!this.isConnected || error.status === 404) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(this.#ask, RETRY_MS + Math.random() * RETRY_MS);
  }

  #show({ before, task }) {
    this.#draw(task);
    const isTold = isEnded(task) && told.owner !== null && task.owner_id === told.owner;
    if (!isTold) this.#speak(announcement(before, task), isEnded(task) || before?.status !== task.status);
    this.dispatchEvent(new CustomEvent("taskchange", { bubbles: true, detail: { before, task } }));
  }

  #speak(text, isImportant) {
    if (!text || (!isImportant && Date.now() - this.#spokeAt < SPEAK_MS)) return;
    this.#spokeAt = Date.now();
    announce(text);
  }

  #draw(task) {
    clearTimeout(this.#silence);
    if (!isEnded(task) && this.isConnected) this.#silence = setTimeout(this.#ask, SILENCE_MS);
    const bar = part(this, "bar");
    const isWorking = task.status === "processing";
    this.dataset.status = task.is_cancelling ? "stopping" : task.status;
    // A run that has said nothing yet has no share that could be shown: the bar only shows that it lives.
    if (isWorking && task.progress === 0) bar.removeAttribute("value");
    else bar.value = task.status === "completed" ? 100 : task.progress;
    bar.setAttribute("aria-label", task.title);
    setText(part(this, "words"), sentence(task));
    setText(part(this, "percent"), isWorking && task.progress > 0 ? `${task.progress} %` : "");
  }

  #build() {
    const bar = make("progress");
    bar.max = 100;
    const line = make("span", "said");
    const pieces = [[bar, "bar"], [make("span", "words"), "words"], [make("span", "percent number"), "percent"]];
    for (const [node, name] of pieces) node.dataset.part = name;
    line.append(pieces[1][0], pieces[2][0]);
    this.replaceChildren(bar, line);
  }
}

customElements.define("task-progress", TaskProgress);
