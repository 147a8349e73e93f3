// What the command bar offers at the desk: the open conversation, lists, pages, theme and language, buyers by name.
import { get, query } from "./api.js";
import { make } from "./dom.js";
import { page, t } from "./page.js";
import { fillAvatar, nameOf } from "./avatar.js";
import { previewOf, statusName } from "./conversation-card.js";

const MOST_FOUND = 8;

export function deskCommands({ view, current, items, actions, state, views, open, list, ask, menuAt }) {
  const go = (label, icon, address, ...keywords) => ({ group: t("Go to"), label, icon, keywords, run: () => location.assign(address) });
  const press = (selector) => () => document.querySelector(selector)?.click();

  function ofTheConversation() {
    const one = current();
    if (!one) return [];
    const group = nameOf(one.customer);
    const ids = [one.id];
    return [
      ...items.statuses(ids).map((item) => ({ ...item, group })),
      { group, label: t("Snooze"), icon: "moon", hint: "S", run: () => menuAt(t("Snooze"), () => items.snooze(ids)) },
      { group, label: t("Assign to"), icon: "people", hint: "A", run: () => menuAt(t("Assign to"), () => items.assign(ids)) },
      { group, label: t("Label"), icon: "label", hint: "L", run: () => menuAt(t("Label"), () => items.label(ids)) },
      { group, label: t("Priority"), icon: "flag", run: () => menuAt(t("Priority"), () => items.priority(ids)) },
      { group, label: t("Write a reply"), icon: "reply", hint: "R", run: () => actions.write("reply") },
      { group, label: t("Write a private note"), icon: "note", hint: "N", run: () => actions.write("note") },
      ...items.reading(ids).map((item) => ({ ...item, group })),
    ];
  }

  const lists = () => [
    ...["open", "pending", "snoozed", "resolved"].map((status) => ({ group: t("Lists"), label: t("Show: {name}", { name: statusName(status) }), icon: "inbox", keywords: [statusName(status)], run: () => state.set({ status, view: null }) })),
    ...views.all.map((one) => ({ group: t("Lists"), label: one.name, icon: "bookmark", run: () => state.open(one) })),
    { group: t("Lists"), label: t("Save this view…"), icon: "plus", run: () => ask() },
    { group: t("Lists"), label: t("Search conversations"), icon: "search", hint: "/", run: () => document.getElementById("search").focus() },
  ];

  const pages = () => [
    go(t("Contacts"), "people", "/contacts"),
    go(t("Reports"), "chart", "/reports"),
    go(t("Tasks"), "tasks", "/tasks"),
    go(t("Quick replies"), "quick", "/inbox/quick-replies"),
    go(t("Settings"), "settings", "/settings/shop"),
    go(t("Profile and settings"), "person", "/settings/profile"),
    { group: t("Go to"), label: t("Your chat page"), icon: "shop", run: () => window.open(`/chat/${page.me.merchant_id}`, "_blank", "noopener") },
  ];

  const looks = () => [
    ...[["light", t("Light"), "sun"], ["dark", t("Dark"), "moon"], ["", t("As the device"), "device"]].map(([value, label, symbol]) => ({
      group: t("Theme and language"), label: t("Theme: {name}", { name: label }), icon: symbol, keywords: [label, "theme"], run: press(`[data-theme-choice="${value}"]`),
    })),
    ...[["zh-CN", "中文", "chinese"], ["en", "English", "english"]].map(([value, label, word]) => ({
      group: t("Theme and language"), label: t("Language: {name}", { name: label }), icon: "globe", keywords: [label, word], run: press(`button[name="locale"][value="${value}"]`),
    })),
    { group: t("Theme and language"), label: t("Keyboard shortcuts"), icon: "keyboard", hint: "?", run: press('[data-open-dialog="shortcuts"]') },
  ];

  async function find(words) {
    const { results } = await get(`/conversations/${query({ q: words, page_size: MOST_FOUND })}`);
    list.store.put(results, { isInView: false });
    return results.map((one) => {
      const mark = make("span", "avatar");
      mark.setAttribute("aria-hidden", "true");
      fillAvatar(mark, one.customer, view.people.presence(one.customer_id));
      return { group: t("Conversations"), label: nameOf(one.customer), mark, note: one.status === "open" ? previewOf(one, view).text.slice(0, 40) : statusName(one.status), run: () => open(one.id) };
    });
  }

  return { commands: () => [...ofTheConversation(), ...lists(), ...pages(), ...looks()], find };
}
