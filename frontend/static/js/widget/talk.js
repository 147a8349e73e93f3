// The part of the buyer's page in which one talks: loaded with the first press, or at once for those who have written.
import { page, t } from "../page.js";
import { get, post, query } from "../api.js";
import { chatLine } from "../chat-line.js";
import { byId, setText } from "../dom.js";
import { tellShop } from "../frame.js";
import { socketOf } from "../live.js";
import { watchNetwork } from "../network-banner.js";
import { ReadMarks } from "../read-marks.js";
import { TypingTeller } from "../typing.js";
import { BeforeForm } from "./before.js";
import { Blocked } from "./blocked.js";
import { Ending } from "./ending.js";
import { stateOf } from "./hours.js";
import { PagesSeen } from "./pages-seen.js";
import { Queue } from "./queue.js";
import { ring } from "./sound.js";
import { useRows } from "./thread-rows.js";
import "../message-list.js";
import "./composer.js";

/** `shell` is the page around: {shop, widget, session, own, people, drafts, draw, look, isFolded}. */
export function beginTalk(shell) {
  const { shop, widget, session, own, people, drafts, draw, look, isFolded } = shell;
  const composer = document.querySelector("buyer-composer");
  const messages = document.querySelector("message-list");
  const line = chatLine({
    list: messages, people, side: "buyer", me: session.userId ?? "me", store: own, session,
    owner: `buyer.${shop.id}`,
    address: () => socketOf(session.userId),
    prepare,
  });
  const { live, thread, outbox, typing } = line;
  const ending = new Ending({ root: byId("ending"), widget });
  const queue = new Queue({ node: byId("queue"), live });
  const blocked = new Blocked({ node: byId("blocked"), composer, own, live, shopId: shop.id, draw });
  const seen = new PagesSeen({ live, shopId: shop.id });
  const before = new BeforeForm({ root: document.querySelector(".before"), shop, widget, done: begin });
  let introduction = null; // {told} in the form and not yet to the server, {conversation_id} that began with it
  const currentId = () => (thread.id === "new" ? null : thread.id);

  /** The first message brings the person and the conversation into being; all others find them. */
  async function prepare(draft) {
    await session.token();
    const conversation_id = draft.conversation_id ?? (await beginConversation());
    if (introduction?.conversation_id === conversation_id) {
      const done = () => (introduction = null);
      await post(`/conversations/${conversation_id}/introduction`, introduction.told).then(done, (error) => error.isPassing || done());
    }
    return { ...draft, conversation_id };
  }

  async function beginConversation() {
    const conversation = await post("/conversations/", { merchant_id: shop.id, channel: page.isFrame ? "widget" : "page" });
    take([conversation]);
    outbox.begin(conversation.id);
    thread.begin(conversation);
    follow();
    if (introduction) introduction.conversation_id = conversation.id;
    if (live.state === "idle") live.start();
    else seen.again();
    return conversation.id;
  }

  function take(conversations) {
    own.put(conversations);
    for (const one of conversations) people.learn(one.customer);
    follow();
    draw();
  }

  /** What stands around the open thread is of its conversation as that is now: just begun, over, open again. */
  function follow() {
    const one = own.get(currentId());
    if (!one) return;
    ending.show(one);
    queue.follow(one);
  }

  const isSeen = () => byId("chat").dataset.view === "thread" && messages.isAtBottom && !isFolded();
  const marks = new ReadMarks({
    look: () => ({ id: currentId(), seq: thread.current?.store.lastSeq ?? 0, isSeen: isSeen() }),
    say(id, seq) {
      own.markRead(id, "customer", seq);
      if (!live.send({ type: "read", conversation_id: id, seq })) post(`/conversations/${id}/read`, { seq }).catch(() => {});
      draw();
    },
  });
  const teller = new TypingTeller(
    (on, text) => currentId() && live.send({ type: "typing", conversation_id: thread.id, on, ...(text === undefined ? {} : { text }) }),
    () => (shop.typing_preview ? composer.text : undefined),
  );

  async function open(one) {
    look("thread");
    composer.open(drafts.get(one?.id ?? null));
    byId("greeting").hidden = Boolean(one) || !shop.greeting;
    ending.show(one);
    queue.follow(one);
    if (one) await thread.open(one).catch(() => {});
    else thread.openNew();
    marks.check();
    draw();
    if (!isFolded()) composer.textarea.focus();
  }

  /** Goes on, or asks what the shop wants to know first. */
  function start(one = own.open, question = "") {
    if (one || !before.isNeeded(session.isCustomer)) return open(one);
    look("before");
    return before.open(session.isCustomer, question);
  }

  function begin({ question, consent, ...told }) {
    introduction = Object.keys(told).length > 0 ? { told } : null;
    open(null);
    if (question) write({ content: question, attachments: [] });
  }

  function write({ content, attachments }) {
    if (page.isPreview) return;
    teller.stop();
    line.write({ conversationId: currentId(), sender: session.userId ?? "me", role: "buyer", content, attachments });
    byId("greeting").hidden = true;
  }

  async function load() {
    const list = await get(`/conversations/${query({ merchant_id: shop.id, page_size: 50 })}`).catch(() => null);
    if (list) take(list.results);
  }

  messages.addEventListener("bottom", marks.check);
  composer.addEventListener("typing", () => teller.touch());
  composer.addEventListener("draft", ({ detail }) => drafts.set(currentId(), "reply", detail.text));
  composer.addEventListener("write", ({ detail }) => write(detail));
  live.addEventListener("message", async ({ detail }) => {
    const isNew = detail.seq > (own.get(detail.conversation_id)?.last_seq ?? 0);
    const isRead = detail.conversation_id === thread.id && isSeen() && document.hasFocus();
    if (!own.hear(detail, { isSeen: isRead })) await load();
    if (detail.conversation_id === thread.id) follow();
    if (detail.sender_role !== "buyer" && isNew) {
      tellShop("message", { text: (detail.content || detail.attachments?.[0]?.name || "").slice(0, 200), name: people.nameOf(detail.sender_id, detail.sender_role), conversation: detail.conversation_id });
      if (!isRead) ring();
    }
    marks.check();
    draw();
  });
  live.addEventListener("conversation", ({ detail }) => take([detail.conversation]));
  live.addEventListener("ready", async () => {
    marks.forget();
    load();
    // Hours and presence change while a page stands open for days.
    Object.assign(shop, await get(`/shops/${shop.id}`, { isPublic: true }).catch(() => ({})));
    draw();
  });
  for (const type of ["read", "online_users", "status"]) live.addEventListener(type, draw);
  line.onTyping = draw;
  useRows({ messages, thread, session });
  watchNetwork(byId("network"), live);

  return {
    open, start, write, currentId, marks, composer, outbox, live,
    isTyping: (id) => typing.has(id),
    see: (shown) => seen.see(shown),
    told: () => before.told,
    draw() {
      blocked.draw();
      const isOnline = people.isOnline(shop.id);
      const isWriting = typing.has(thread.id);
      setText(byId("thread-state"), isWriting ? t("typing…") : !shop.is_open ? stateOf(shop, isOnline) : isOnline ? t("online") : t("away, replies later"));
      messages.setTyping(isWriting, t("{who} is typing", { who: shop.name }));
    },
    leave() {
      teller.stop();
      thread.close();
      queue.follow(null);
    },
    /** Those who have written see what they wrote; what was not sent goes out. */
    async comeIn() {
      if (session.isKnown) {
        await load();
        live.start();
      }
      outbox.resume();
    },
    async send(text) {
      if (!own.open && before.isNeeded(session.isCustomer)) return start(null, text);
      await open(own.open);
      return write({ content: text, attachments: [] });
    },
  };
}
