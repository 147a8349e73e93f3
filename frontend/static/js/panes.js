// List, thread and side panel: which of them is seen. On a narrow screen the side panel lies over the thread.
import { byId } from "./dom.js";

const SIDE_KEY = "parley.side";

export function usePanes({ close }) {
  const desk = byId("desk");
  const side = byId("side");
  const toggle = byId("toggle-side");
  const isNarrow = matchMedia("(max-width: 1279px)");
  const remembered = () => !isNarrow.matches && localStorage.getItem(SIDE_KEY) !== "closed";
  let isWanted = remembered();

  function showSide(isOpen) {
    isWanted = isOpen;
    desk.classList.toggle("no-side", !isOpen);
    toggle.setAttribute("aria-expanded", String(isOpen));
    if (!isNarrow.matches) localStorage.setItem(SIDE_KEY, isOpen ? "open" : "closed");
  }

  function show(view) {
    const isThread = view === "thread";
    desk.dataset.view = view;
    for (const id of ["thread-header", "thread-body"]) byId(id).hidden = !isThread;
    byId("nothing-open").hidden = isThread;
    side.hidden = !isThread;
    desk.classList.toggle("no-side", !isThread || !isWanted);
    toggle.setAttribute("aria-expanded", String(isThread && isWanted));
  }

  toggle.addEventListener("click", () => showSide(!isWanted));
  byId("close-side").addEventListener("click", () => showSide(false));
  byId("back").addEventListener("click", close);
  isNarrow.addEventListener("change", () => {
    isWanted = remembered();
    show(desk.dataset.view);
  });
  show(desk.dataset.view);

  return {
    showThread: () => show("thread"),
    showList: () => show("list"),
    /** True when there was something to close. */
    closeSide() {
      const isOver = isNarrow.matches && isWanted;
      if (isOver) showSide(false);
      return isOver;
    },
  };
}
