// The filter builder: a panel beside its button, and under the search box a chip for everything that is active.
import { byId, icon, make } from "./dom.js";
import { page, t } from "./page.js";
import { nameOf } from "./avatar.js";
import { labelColor, priorityName } from "./conversation-card.js";

const channelName = (name) => ({ widget: t("Widget"), page: t("Chat page"), api: t("API") })[name] ?? name;

export function filterPanel({ state, labels }) {
  const panel = byId("filter-panel");
  const button = byId("filter");
  const form = panel.querySelector("form");
  const { person, channel, unread, waiting } = form.elements;

  panel.addEventListener("toggle", (event) => {
    const isOpen = event.newState === "open";
    button.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    fill();
    place(panel, button);
    person.focus({ preventScroll: true });
  });
  form.addEventListener("change", () => apply());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
    panel.hidePopover();
  });
  byId("clear-filters").addEventListener("click", () => {
    state.clear();
    fill();
  });

  function fill() {
    const { now } = state;
    person.replaceChildren(new Option(t("Anyone"), ""), ...page.team.map((one) => new Option(nameOf(one), one.id)));
    Object.assign(person, { value: now.person });
    Object.assign(channel, { value: now.channel });
    Object.assign(unread, { value: now.unread === null ? "" : String(now.unread) });
    Object.assign(waiting, { value: now.waiting_minutes ?? "" });
    for (const box of form.querySelectorAll("[name=priority]")) box.checked = now.priority.includes(box.value);
    byId("filter-labels").replaceChildren(...labels().map((name) => labelBox(name, now.label.includes(name))));
    byId("no-labels").hidden = labels().length > 0;
  }

  function apply() {
    const chosen = new FormData(form);
    const minutes = Number(chosen.get("waiting"));
    state.set({
      person: chosen.get("person"),
      tab: chosen.get("person") ? "" : state.now.tab,
      channel: chosen.get("channel"),
      unread: chosen.get("unread") === "" ? null : chosen.get("unread") === "true",
      waiting_minutes: minutes > 0 ? Math.min(527_040, Math.floor(minutes)) : null,
      priority: chosen.getAll("priority"),
      label: chosen.getAll("label"),
    });
  }

  /** The chips; each takes its own part away. */
  function drawChips() {
    const { now, count } = state;
    const found = [
      now.person && [t("Assigned to {name}", { name: nameOf(page.team.find((one) => one.id === now.person) ?? { id: now.person }) }), { person: "" }],
      now.channel && [t("Channel: {name}", { name: channelName(now.channel) }), { channel: "" }],
      now.unread !== null && [now.unread ? t("Unread") : t("Read"), { unread: null }],
      now.waiting_minutes && [t("Waiting {n} min or longer", { n: now.waiting_minutes }), { waiting_minutes: null }],
      ...now.priority.map((name) => [t("Priority: {name}", { name: priorityName(name) }), { priority: now.priority.filter((other) => other !== name) }]),
      ...now.label.map((name) => [name, { label: now.label.filter((other) => other !== name) }, labelColor(name)]),
    ].filter(Boolean);
    const row = byId("active-filters");
    row.hidden = found.length === 0;
    row.replaceChildren(...found.map(([text, without, color]) => chipNode(text, color, () => state.set(without))), ...(found.length > 1 ? [clearNode(() => state.clear())] : []));
    button.querySelector(".pill").hidden = count === 0;
    button.querySelector(".pill").textContent = String(count);
    button.setAttribute("aria-label", count ? t("Filter, {n} active", { n: count }) : t("Filter"));
  }

  return { drawChips };
}

function labelBox(name, isChecked) {
  const box = make("input");
  Object.assign(box, { type: "checkbox", name: "label", value: name, checked: isChecked });
  const label = make("label", `choice chip ${labelColor(name)}`);
  label.append(box, name);
  return label;
}

function chipNode(text, color, remove) {
  const chip = make("span", `chip ${color ?? ""}`);
  const button = make("button");
  button.type = "button";
  button.setAttribute("aria-label", t("Remove “{filter}”", { filter: text }));
  button.append(icon("close"));
  button.addEventListener("click", remove);
  chip.append(make("span", "cut", text), button);
  return chip;
}

function clearNode(clear) {
  const button = make("button", "link-button", t("Clear all"));
  button.type = "button";
  button.addEventListener("click", clear);
  return button;
}

function place(panel, button) {
  const at = button.getBoundingClientRect();
  const box = panel.getBoundingClientRect();
  panel.style.top = `${Math.min(at.bottom + 6, Math.max(8, innerHeight - box.height - 8))}px`;
  panel.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
}
