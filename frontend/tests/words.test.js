import assert from "node:assert/strict";
import { test } from "node:test";
import { hue, initials, nameOf } from "../static/js/avatar.js";
import { Drafts } from "../static/js/drafts.js";
import { isComposing } from "../static/js/composing.js";
import { filled, matching } from "../static/js/quick-reply-picker.js";
import { parts } from "../static/js/snippets.js";
import { ago, waiting } from "../static/js/relative-time.js";

test("initials: one sign in Chinese, two letters otherwise", () => {
  assert.deepEqual([initials("林小雨"), initials("Maria Keller"), initials("chen"), initials("  "), initials("👩‍🌾 farm")], ["林", "MK", "C", "?", "👩F"]);
});

test("a person's colour is always the same", () => {
  assert.equal(hue("b17"), hue("b17"));
  assert.ok([...Array(200).keys()].every((at) => hue(`b${at}`) >= 0 && hue(`b${at}`) < 12));
});

test("a visitor is called by the end of the number", () => {
  assert.equal(nameOf({ id: "b250178682515943424", username: "visitor-b250178682515943424" }), "Visitor 3424");
});

test("times read as people say them", () => {
  const now = 1_800_000_000;
  assert.deepEqual([0, 59, 60, 3599, 3600, 86_400].map((age) => ago(now - age, now)), ["now", "now", "1 min", "59 min", "1 h", "1 d"]);
  assert.deepEqual([60, 300, 1800].map((age) => waiting(now - age, now).urgency), ["", "amber", "red"]);
});

test("found words are marked, in Chinese too, and never as a pattern", () => {
  assert.deepEqual(parts("五常大米和大米", "大米"), [["五常", false], ["大米", true], ["和", false], ["大米", true]]);
  assert.deepEqual(parts("a.b (c)", "(c) ."), [["a", false], [".", true], ["b ", false], ["(c)", true]]);
});

test("quick replies: every word must occur, titles first", () => {
  const replies = [{ title: "", content: "rice ships tomorrow" }, { title: "Rice", content: "x" }, { title: "Oil", content: "y" }];
  assert.deepEqual(matching(replies, "rice").map((one) => one.content), ["x", "rice ships tomorrow"]);
  assert.equal(matching(replies, "rice tomorrow").length, 1);
});

test("variables are filled, unknown ones stay to be seen", () => {
  assert.equal(filled("Hi {{buyer.name}}, {{ agent.name }}: {{order.number}}", { "buyer.name": "Lin", "agent.name": "Chen" }), "Hi Lin, Chen: {{order.number}}");
});

test("the Enter of an input method is not ours", () => {
  assert.equal(isComposing({ isComposing: true, keyCode: 13 }), true);
  assert.equal(isComposing({ isComposing: false, keyCode: 229 }), true);
  assert.equal(isComposing({ isComposing: false, keyCode: 13 }), false);
});

test("drafts: reply and note apart, empty ones gone, old ones swept", () => {
  const map = new Map();
  const storage = { get length() { return map.size; }, key: (at) => [...map.keys()][at], getItem: (key) => map.get(key) ?? null, setItem: (key, value) => map.set(key, value), removeItem: (key) => map.delete(key) };
  const drafts = new Drafts("m1", storage);
  drafts.set("7", "reply", "hello");
  drafts.set("7", "note", "secret");
  assert.deepEqual([drafts.get("7"), drafts.get("7", "note"), drafts.get("8")], ["hello", "secret", ""]);
  drafts.set("7", "reply", "  ");
  assert.equal(drafts.get("7"), "");
  drafts.sweep(Date.now() + 40 * 86_400_000);
  assert.equal(map.size, 0);
});
