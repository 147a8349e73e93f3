// The address book: faces and moments that stay fresh, who is there, and facts that are saved where they stand.
import { put } from "../api.js";
import { fillAll } from "../avatar.js";
import { part, setText } from "../dom.js";
import { t } from "../page.js";
import { keepFresh } from "../relative-time.js";
import { openLine } from "../task-news.js";

keepFresh();
document.body.addEventListener("htmx:after:swap", () => {
  fillAll();
  keepCsv();
});

const live = openLine(document.querySelector(".rail[data-me]").dataset.me);
live.addEventListener("status", ({ detail }) => showPresence(detail.user_id, detail.status !== "offline"));

function showPresence(id, isOnline) {
  for (const node of document.querySelectorAll(`.contacts .avatar[data-person="${CSS.escape(id)}"]`)) {
    if (isOnline) node.dataset.presence = "online";
    else if (node.dataset.presence) node.dataset.presence = "offline";
  }
}

/** The file has what the list shows. */
function keepCsv() {
  const link = document.querySelector('[data-part="csv"]');
  const finder = document.getElementById("finder");
  if (link && finder) link.href = `/contacts/export.csv?${new URLSearchParams(new FormData(finder))}`;
}

const form = document.querySelector("form[data-contact]");
if (form) useFacts(form);

function useFacts(facts) {
  const saved = document.querySelector('[data-part="saved"]');
  facts.dataset.saves = "";
  facts.addEventListener("submit", (event) => event.preventDefault());
  facts.addEventListener("change", ({ target }) => save(target));
  facts.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) event.target.blur();
  });

  function refuse(input, problem) {
    input.setAttribute("aria-invalid", "true");
    problem.hidden = false;
    setText(saved, t("Not saved"));
  }

  async function save(input) {
    const { name, value } = input;
    const isAddress = name === "email" || name === "phone";
    const problem = facts.querySelector(`[data-problem="${name}"]`);
    if (!input.checkValidity()) return refuse(input, problem);
    setText(saved, t("Saving…"));
    try {
      const contact = await put(`/contacts/${facts.dataset.contact}`, { [name]: isAddress && !value.trim() ? null : value });
      if (document.activeElement !== input) input.value = contact[name] ?? "";
      input.removeAttribute("aria-invalid");
      problem.hidden = true;
      setText(saved, t("Saved"));
      if (name === "name") setText(part(document, "name"), contact.name || contact.customers[0]?.display_name || contact.email || contact.phone);
    } catch (error) {
      if (error.status !== 422) setText(problem, error.message);
      refuse(input, problem);
    }
  }
}
