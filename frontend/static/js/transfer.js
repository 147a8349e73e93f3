// Handing a conversation to a colleague: who is there with how much to do, a word for them, one step.
import { get, post } from "./api.js";
import { fillAvatar, nameOf } from "./avatar.js";
import { clone, part, setText } from "./dom.js";
import { page, t, tn } from "./page.js";
import { toast } from "./toast.js";

const ORDER = ["online", "busy", "away", "offline"];
const stateOf = (one) => (one.is_here ? one.availability : "offline");
const wordsOf = (state) => ({ online: t("Online"), busy: t("Busy"), away: t("Away"), offline: t("Offline") })[state];

function row(one) {
  const node = clone("colleague-template");
  node.querySelector("input").value = one.user_id;
  fillAvatar(part(node, "avatar"), { ...one, id: one.user_id }, stateOf(one));
  setText(part(node, "name"), nameOf(one));
  setText(part(node, "load"), tn("1 open", "{n} open", one.open_count));
  setText(part(node, "state"), wordsOf(stateOf(one)));
  return node;
}

/** Those who can take it, the likely ones first: there and free before there and busy before not there. */
export function colleagues(people, { me, assignee }) {
  const rank = (one) => [ORDER.indexOf(stateOf(one)), one.open_count / Math.max(one.capacity, 1)];
  const able = people.filter((one) => one.user_id !== me && one.user_id !== assignee);
  return able.sort((left, right) => rank(left)[0] - rank(right)[0] || rank(left)[1] - rank(right)[1]);
}

/** Opens the dialog for a conversation as the list knows it. */
export async function openTransfer(conversation) {
  const dialog = document.getElementById("transfer");
  const form = dialog.querySelector("form");
  const list = part(dialog, "colleagues");
  const problem = part(dialog, "problem");
  form.reset();
  problem.hidden = true;
  for (const old of list.querySelectorAll(".colleague")) old.remove();
  let team;
  try {
    team = (await get("/staff/load")).results;
  } catch (error) {
    return toast(error.message);
  }
  const able = colleagues(team, { me: page.me.id, assignee: conversation.assignee_id });
  list.append(...able.map(row));
  part(dialog, "alone").hidden = able.length > 0;
  for (const name of ["words", "send"]) part(dialog, name).hidden = able.length === 0;
  dialog.showModal();
  list.querySelector("input")?.focus();

  form.onsubmit = async (event) => {
    if (event.submitter?.value !== "send") return;
    event.preventDefault(); // what was written stays here until the server has it
    const send = part(dialog, "send");
    send.disabled = true;
    try {
      await post(`/conversations/${conversation.id}/transfer`, { assignee_id: form.elements.assignee.value, note: form.elements.note.value });
      const whom = able.find((one) => one.user_id === form.elements.assignee.value);
      dialog.close();
      toast(t("Handed over to {name}.", { name: nameOf(whom) }));
    } catch (error) {
      setText(problem, error.message);
      problem.hidden = false;
    } finally {
      send.disabled = false;
    }
  };
  return undefined;
}
