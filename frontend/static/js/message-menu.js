// What one can do with a message or a note: by pointer, by a long press, by keyboard (arrows walk from message to
// message). The page's menu says which of it exists here; nobody who only watches can write.
import { post, remove } from "./api.js";
import { askFirst } from "./ask-first.js";
import { isDeleted } from "./bubble-content.js";
import { part } from "./dom.js";
import { useMenu } from "./menu.js";
import { t } from "./page.js";
import { toast } from "./toast.js";

const LONG_PRESS_MS = 500;

/** `reply(message)` and `editNote(note)` go to the composer, if it can answer to one; `linkTo(message)` is an address. */
export function useMessageMenu({ list, thread, me, reply = null, editNote = () => {}, linkTo = () => "" }) {
  const menu = document.getElementById("message-menu");
  if (!menu) return;
  let button = null;
  let what = {};
  useMenu(menu, () => button);
  menu.addEventListener("toggle", (event) => event.newState === "closed" && button?.closest(".row")?.classList.remove("chosen"));

  // A buyer's first message was written before the server had said who the buyer is.
  const isOwn = (message) => message.sender_id === me() || (thread.side === "buyer" && thread.isMine(message));
  const find = (row) => {
    if (row.dataset.note) return { note: thread.current?.notes.find((note) => note.id === row.dataset.note) };
    return { message: thread.current?.store.bySeq(Number(row.dataset.seq)) };
  };
  const fits = {
    reply: ({ message }) => Boolean(message && reply),
    copy: ({ message, note }) => Boolean(message?.content || note),
    link: ({ message }) => Boolean(message),
    keep: ({ message }) => Boolean(message?.content) && thread.isMine(message),
    edit: ({ note }) => note?.author_id === me(),
    remove: ({ message, note }) => (note ? note.author_id === me() : Boolean(message) && isOwn(message)),
  };
  const open = (row) => {
    what = find(row);
    if (!what.note && (!what.message || isDeleted(what.message))) return;
    button = part(row, "menu");
    for (const item of menu.querySelectorAll("[data-do]")) item.hidden = !fits[item.dataset.do](what);
    row.classList.add("chosen");
    menu.showPopover();
  };
  const run = {
    reply: ({ message }) => reply(message),
    copy: ({ message, note }) => copy((message ?? note).content, t("Copied.")),
    link: ({ message }) => copy(linkTo(message), t("Link copied.")),
    keep: ({ message }) => keep(message),
    edit: ({ note }) => editNote(note),
    remove: (one) => (one.note ? removeNote(thread, one.note) : removeMessage(thread, one.message)),
  };
  menu.addEventListener("click", (event) => {
    const name = event.target.closest("[data-do]")?.dataset.do;
    if (name) run[name](what);
  });
  listen(list, open, thread);
}

function listen(list, open, thread) {
  list.addEventListener("click", (event) => {
    const quote = event.target.closest(".quote[data-jump]");
    if (quote?.dataset.jump) thread.jumpTo(Number(quote.dataset.jump));
    else if (event.target.closest("[data-part=menu]")) open(event.target.closest(".row"));
  });
  let timer;
  list.addEventListener("pointerdown", (event) => {
    const row = event.pointerType === "touch" && event.target.closest(".bubble")?.closest(".row");
    if (row) timer = setTimeout(() => open(row), LONG_PRESS_MS);
  });
  for (const type of ["pointerup", "pointercancel", "pointermove"]) list.addEventListener(type, () => clearTimeout(timer));
  list.scroller.addEventListener("keydown", (event) => walk(list, event));
}

/** From the list itself, an arrow goes to the last message's menu; from there to the one before or after. */
function walk(list, event) {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const isList = event.target === list.scroller;
  if (!isList && !event.target.matches("[data-part=menu]")) return;
  const buttons = [...list.querySelectorAll(".row [data-part=menu]:not([hidden])")];
  const at = isList ? buttons.length : buttons.indexOf(event.target);
  const next = buttons[at + (event.key === "ArrowUp" ? -1 : 1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch {
    toast(t("The browser does not allow copying here."));
  }
}

async function keep({ content }) {
  try {
    await post("/quick-replies/", { title: content.replaceAll(/\s+/g, " ").slice(0, 60), content });
    toast(t("Saved as a quick reply."), { href: "/inbox/quick-replies", label: t("Manage quick replies") });
  } catch (error) {
    toast(error.message);
  }
}

async function removeMessage(thread, message) {
  if (!(await askFirst(t("Delete this message?"), t("Its text and files disappear for both sides. A line in its place says that it was deleted.")))) return;
  try {
    await remove(`/conversations/${message.conversation_id}/messages/${message.id}`);
    thread.hearDeleted(message);
  } catch (error) {
    toast(error.message);
  }
}

async function removeNote(thread, note) {
  if (!(await askFirst(t("Delete this note?"), t("It will be gone for your whole team.")))) return;
  try {
    await remove(`/conversations/${note.conversation_id}/notes/${note.id}`);
    thread.hearNoteRemoved(note);
  } catch (error) {
    toast(error.message);
  }
}
