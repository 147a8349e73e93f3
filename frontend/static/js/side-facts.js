// Facts about the buyer in the side panel. What the shop may write itself is a field in place, kept when one leaves it.
import { make, setText } from "./dom.js";
import { fullTime } from "./relative-time.js";
import { locale, t } from "./page.js";

const FIELDS = [
  ["name", "text", 100, () => t("Name")],
  ["email", "email", 254, () => t("E-mail")],
  ["phone", "tel", 30, () => t("Phone")],
  ["company", "text", 100, () => t("Company")],
  ["note", "textarea", 2000, () => t("Note")],
];
const CAN_BE_NOTHING = new Set(["email", "phone"]);

/** `save(values)` answers the stored entry, or throws. */
export function fillFacts(list, one, { contact, visit, isOnline, canEdit, save }) {
  const key = `${one.id}:${contact?.id ?? ""}:${canEdit}`;
  if (list.dataset.key !== key) {
    list.dataset.key = key;
    list.replaceChildren(...(contact && canEdit ? FIELDS.flatMap((field) => fieldNodes(field, save)) : []));
    for (const name of ["known", "presence", "device", "language", "referrer", "since", "id"]) list.append(...factNodes(name));
  }
  if (contact) {
    for (const input of list.querySelectorAll("[data-field]")) {
      input.kept = contact[input.dataset.field] ?? "";
      if (document.activeElement !== input && !input.matches("[aria-invalid]")) input.value = input.kept;
    }
  }
  const facts = {
    known: [visit?.is_verified ? t("Verified by your shop") : "", t("Identity")],
    presence: [isOnline ? t("online") : t("offline"), t("Presence")],
    device: [visit?.device, t("Device")],
    language: [languageName(visit?.language), t("Language")],
    referrer: [hostOf(visit?.referrer), t("Came from")],
    since: [fullTime(contact?.created_at ?? one.created_at), t("First seen")],
    id: [one.customer_id, t("Id")],
  };
  for (const [name, [value, words]] of Object.entries(facts)) {
    const [term, fact] = list.querySelectorAll(`[data-fact="${name}"]`);
    term.hidden = fact.hidden = !value;
    setText(term, words);
    setText(fact, value ?? "");
  }
}

function factNodes(name) {
  const nodes = [make("dt"), make("dd")];
  for (const node of nodes) node.dataset.fact = name;
  return nodes;
}

function fieldNodes([name, type, most, words], save) {
  const term = make("dt");
  const label = make("label", "", words());
  const input = make(type === "textarea" ? "textarea" : "input", "in-place");
  input.id = `buyer-${name}`;
  label.htmlFor = input.id;
  if (type !== "textarea") input.type = type;
  else input.rows = 1;
  Object.assign(input, { maxLength: most, placeholder: t("Add"), autocomplete: "off" });
  input.dataset.field = name;
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && type !== "textarea" && !event.isComposing) input.blur();
    if (event.key !== "Escape") return;
    event.stopPropagation();
    input.value = input.kept ?? "";
    input.blur();
  });
  input.addEventListener("change", () => keep(input, name, save));
  term.append(label);
  const fact = make("dd");
  const problem = make("small", "problem");
  problem.id = `buyer-${name}-problem`;
  problem.hidden = true;
  fact.append(input, problem);
  return [term, fact];
}

/** A value that was refused stays in the field, with the reason below it. */
async function keep(input, name, save) {
  const value = input.value.trim();
  const problem = input.nextElementSibling;
  try {
    await save({ [name]: value === "" && CAN_BE_NOTHING.has(name) ? null : value });
    input.removeAttribute("aria-invalid");
    problem.hidden = true;
  } catch (error) {
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", problem.id);
    setText(problem, error.status === 422 ? t("This cannot be saved: please check it.") : error.message);
    problem.hidden = false;
  }
}

function languageName(tag) {
  if (!tag) return "";
  try {
    return new Intl.DisplayNames(locale, { type: "language" }).of(tag.split(",")[0].split(";")[0]);
  } catch {
    return tag;
  }
}

function hostOf(address) {
  return address && URL.canParse(address) ? new URL(address).host : "";
}
