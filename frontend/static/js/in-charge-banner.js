// The line above the composer: somebody else is in charge, or the conversation is over. Writing stays possible.
import { part, setText } from "./dom.js";
import { page, t } from "./page.js";

/** `takeOver()` and `reopen()` are what its button does. */
export function inChargeBanner(composer, { people, takeOver, reopen }) {
  const bar = part(composer, "in-charge");
  const button = part(composer, "in-charge-button");
  let run = () => {};
  button.addEventListener("click", () => run());
  return (one) => {
    const isOthers = one.assignee_id !== null && one.assignee_id !== page.me.id;
    const isOver = one.status === "resolved";
    bar.hidden = !isOthers && !isOver;
    if (bar.hidden) return;
    run = isOver ? reopen : takeOver;
    setText(part(composer, "in-charge-words"), isOver ? t("This conversation is resolved.") : t("Assigned to {who}.", { who: people.nameOf(one.assignee_id, "merchant") }));
    setText(button, isOver ? t("Reopen") : t("Take over"));
  };
}
