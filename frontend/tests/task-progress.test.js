import assert from "node:assert/strict";
import { test } from "node:test";
import { TaskFollow, announcement, isEnded, judge, merged, sentence, translated } from "../static/js/task-state.js";
import { shareOf } from "../static/js/task-indicator.js";

const base = {
  id: "7", title: "Export of conversations", status: "processing", progress: 40, message: "Read 2 of 5", error: null,
  attempts: 1, started_at: 100, finished_at: null, is_cancelling: false, can_cancel: true, owner_id: "m1",
};
const task = (changes = {}) => ({ ...base, ...changes });
const queued = task({ status: "queued", progress: 0, message: "", attempts: 0, started_at: null });
const done = task({ status: "completed", progress: 100, finished_at: 160 });
const failed = task({ status: "failed", finished_at: 160, error: { code: "full", detail: "The disk is full." } });

test("a bar never runs backwards within a run", () => {
  assert.equal(judge(task(), task({ progress: 41 })), "take");
  assert.equal(judge(task(), task({ progress: 40, message: "Read 3 of 5" })), "take");
  assert.equal(judge(task(), task({ progress: 39 })), "leave");
});

test("from waiting to running to its end", () => {
  assert.equal(judge(null, queued), "take");
  assert.equal(judge(queued, task({ progress: 0 })), "take");
  assert.equal(judge(task(), done), "take");
  assert.equal(judge(queued, task({ ...queued, status: "cancelled", finished_at: 101 })), "take");
  assert.equal(judge(task({ ...queued, status: "pending" }), queued), "take");
});

test("another run begins at nothing", () => {
  assert.equal(judge(task({ progress: 90 }), task({ attempts: 2, started_at: 130, progress: 0 })), "take");
  assert.equal(judge(task({ progress: 90 }), task({ attempts: 2, started_at: 100, progress: 0 })), "take", "within a second");
  assert.equal(judge(task({ attempts: 2, started_at: 130, progress: 0 }), task({ progress: 95 })), "ask", "late news of the first");
});

test("what may be old or new is asked of the server", () => {
  assert.equal(judge(done, task({ progress: 99 })), "ask", "late");
  assert.equal(judge(failed, queued), "ask", "somebody runs it again");
  assert.equal(judge(task(), { ...queued, attempts: 1, started_at: 100 }), "ask", "put back");
  assert.equal(judge(task(), { ...queued, attempts: 0, started_at: 100 }), "ask", "handed back");
});

test("an end is told once", () => {
  assert.equal(judge(done, done), "leave");
  assert.equal(judge(failed, { ...failed, finished_at: 200 }), "take");
  assert.equal(judge(failed, done), "ask");
});

test("a report of a worker that does not know yet does not take back the wish to stop", () => {
  const stopping = task({ is_cancelling: true, can_cancel: false });
  assert.deepEqual(merged(stopping, task({ progress: 60 })), { ...stopping, progress: 60 });
  assert.equal(merged(stopping, task({ attempts: 2, started_at: 120 })).is_cancelling, false);
  assert.equal(merged(stopping, { ...done, is_cancelling: false }).is_cancelling, false);
});

test("a frame is read in the page's language, and in English where there is none", () => {
  const frame = { type: "task", task: task(), translations: { "zh-CN": { title: "导出对话", message: "已读取 2/5", error: null } } };
  assert.equal(translated(frame, "zh-CN").title, "导出对话");
  assert.equal(translated(frame, "zh-CN").progress, 40);
  assert.equal(translated(frame, "en").title, "Export of conversations");
  assert.equal(translated({ task: task() }, "zh-CN").message, "Read 2 of 5");
});

test("every state has a sentence", () => {
  assert.equal(sentence(queued), "Waits for its turn.");
  assert.equal(sentence(task()), "Read 2 of 5");
  assert.equal(sentence(task({ message: "" })), "Working…");
  assert.equal(sentence(task({ is_cancelling: true })), "Stopping…");
  assert.equal(sentence(failed), "The disk is full.");
  assert.equal(sentence({ ...failed, status: "queued" }), "It did not work and will be tried again.");
  for (const status of ["pending", "completed", "cancelled", "expired"]) assert.ok(sentence(task({ status })).length > 4);
});

test("a screen reader hears the beginning, quarters and the end, and not every percent", () => {
  assert.equal(announcement(queued, task({ progress: 0 })), "Export of conversations has begun.");
  const heard = [];
  for (let at = 1; at <= 99; at += 1) heard.push(announcement(task({ progress: at - 1 }), task({ progress: at })));
  assert.deepEqual(heard.filter(Boolean), [25, 50, 75].map((at) => `Export of conversations: ${at} %`));
  assert.equal(announcement(task(), done), "Export of conversations: Done.");
  assert.equal(announcement(done, done), "");
  assert.equal(announcement(null, done), "", "a page that opens does not read its list aloud");
});

function follow(known, ...answers) {
  const asked = [];
  const one = new TaskFollow({ id: "7", known, read: (id) => { asked.push(id); const next = answers.shift(); return typeof next === "function" ? next() : Promise.resolve(next); } });
  const shown = [];
  one.addEventListener("change", ({ detail }) => shown.push(`${detail.task.status} ${detail.task.progress}`));
  return { one, asked, shown };
}

test("frames of other tasks and old frames change nothing", () => {
  const { one, shown } = follow(task());
  one.hear(task({ id: "8", progress: 90 }));
  one.hear(task({ progress: 10 }));
  one.hear(task({ progress: 50 }));
  assert.deepEqual(shown, ["processing 50"]);
});

test("after a reconnect the answer of the server is the truth, even when it is less", async () => {
  const { one, shown } = follow(task({ progress: 80 }), queued);
  await one.ask();
  assert.deepEqual(shown, ["queued 0"]);
});

test("an answer that is older than what was heard meanwhile is not shown", async () => {
  let arrive;
  const { one, shown, asked } = follow(task(), () => new Promise((resolve) => { arrive = resolve; }));
  const asking = one.ask();
  one.hear(task({ progress: 70 }));
  arrive(task({ progress: 45 }));
  await asking;
  assert.deepEqual(shown, ["processing 70"]);
  assert.equal(asked.length, 1);
});

test("when nobody can tell which is newer, it is asked again", async () => {
  let arrive;
  const { one, shown, asked } = follow(task(), () => new Promise((resolve) => { arrive = resolve; }), done);
  const asking = one.ask();
  one.hear(done);
  arrive(task({ progress: 99 }));
  await asking;
  assert.deepEqual(shown, ["completed 100", "completed 100"]);
  assert.equal(asked.length, 2);
});

test("a retry seen as a late frame is found by asking, and asking twice at once asks once more", async () => {
  const { one, asked, shown } = follow(failed, queued, queued);
  await Promise.all([one.hear(queued), one.hear(queued)]);
  assert.equal(asked.length, 2);
  assert.deepEqual(shown, ["queued 0", "queued 0"]);
});

test("a server that cannot be asked leaves what is known, and the next question is answered", async () => {
  const { one, shown } = follow(task(), () => Promise.reject(new Error("offline")), done);
  await assert.rejects(one.ask());
  assert.equal(one.known.progress, 40);
  await one.ask();
  assert.deepEqual(shown, ["completed 100"]);
  assert.ok(isEnded(one.known));
});

test("the ring shows how much of all work is done", () => {
  assert.equal(shareOf([]), 0);
  assert.equal(shareOf([task({ progress: 50 }), queued]), 0.25);
});
