// The number of unread conversations in the tab's title and a dot on its picture, for people who have many tabs.

const plain = globalThis.document?.title ?? "";
const picture = globalThis.document?.querySelector('link[rel="icon"]');
const read = picture?.href;
const unread = picture?.dataset.unread;

export function badge(count, title = plain) {
  document.title = count > 0 ? `(${count > 99 ? "99+" : count}) ${title}` : title;
  const wanted = count > 0 && unread ? unread : read;
  if (picture && picture.getAttribute("href") !== wanted) picture.setAttribute("href", wanted);
}
