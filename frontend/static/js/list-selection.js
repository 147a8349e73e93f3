// The picked conversations: by their boxes, by a range with Shift, by the key x; and the bar of what is done to them.
import { announce } from "./announce.js";
import { setText } from "./dom.js";
import { tn } from "./page.js";
import { openMenu } from "./choice-menu.js";

export function listSelection({ list, bar, draw }) {
  const picked = new Set();
  let last = null;

  const ids = () => list.ids.filter((id) => picked.has(id));

  function show() {
    list.classList.toggle("picking", picked.size > 0);
    bar.hidden = picked.size === 0;
    setText(bar.querySelector("[data-part=count]"), tn("1 selected", "{n} selected", picked.size));
    draw();
  }

  function toggle(id, { isOn = !picked.has(id), isRange = false } = {}) {
    const shown = list.ids;
    const [from, to] = [shown.indexOf(last), shown.indexOf(id)].sort((a, b) => a - b);
    const range = isRange && last && from >= 0 ? shown.slice(from, to + 1) : [id];
    for (const one of range) {
      if (isOn) picked.add(one);
      else picked.delete(one);
    }
    last = id;
    show();
    announce(tn("1 selected", "{n} selected", picked.size));
  }

  function clear() {
    const had = picked.size > 0;
    picked.clear();
    last = null;
    show();
    return had;
  }

  function pickAll() {
    for (const id of list.ids) picked.add(id);
    show();
  }

  list.addEventListener("click", (event) => {
    const box = event.target.closest(".pick input");
    const card = event.target.closest("[data-id]");
    if (box) toggle(card.dataset.id, { isOn: box.checked, isRange: event.shiftKey });
    else if (card && event.shiftKey && event.target.closest("a")) {
      event.preventDefault();
      getSelection()?.removeAllRanges();
      toggle(card.dataset.id, { isOn: true, isRange: true });
    }
  });

  /** The bar's buttons: `items` of conversation-menu.js and `changes` of conversation-changes.js. */
  function useBar({ items, changes }) {
    const doing = {
      all: pickAll,
      none: clear,
      resolve: () => changes.setStatus(ids(), "resolved").then(clear),
      read: () => changes.markRead(ids(), true).then(clear),
    };
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-do]");
      if (!button) return;
      const what = button.dataset.do;
      if (doing[what]) return doing[what]();
      const menus = { assign: items.assign, snooze: items.snooze, label: items.label, priority: items.priority, more: (all) => [...items.statuses(all), null, ...items.reading(all)] };
      return openMenu({ at: button, label: button.getAttribute("aria-label") ?? button.textContent, items: () => menus[what](ids()) });
    });
  }

  return {
    has: (id) => picked.has(id),
    get size() {
      return picked.size;
    },
    get ids() {
      return ids();
    },
    toggle,
    clear,
    pickAll,
    useBar,
    /** What has left the list is not picked any more. */
    keep() {
      const shown = new Set(list.ids);
      const gone = [...picked].filter((id) => !shown.has(id));
      if (gone.length === 0) return;
      for (const id of gone) picked.delete(id);
      show();
    },
  };
}
