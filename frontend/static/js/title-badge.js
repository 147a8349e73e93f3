// The number of unread conversations in the tab's title, for people who have many tabs.

const plain = globalThis.document?.title ?? "";

export function badge(count, title = plain) {
  document.title = count > 0 ? `(${count > 99 ? "99+" : count}) ${title}` : title;
}
