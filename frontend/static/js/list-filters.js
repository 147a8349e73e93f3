// Search and filters above a list. An empty search gives the list back.
import { calm } from "./dom.js";

const PAUSE_MS = 250;

/** The search box. */
export function useSearch({ list, search }) {
  const find = calm(() => search.value.trim() && list.search(search.value.trim()), PAUSE_MS);
  search.addEventListener("input", () => (search.value.trim() ? find() : list.endSearch()));
}

/** `filter()` reads the controls; `controls` are the selects that change it. */
export function useFilters({ list, search, controls, filter, draw }) {
  const apply = async () => {
    search.value = "";
    await list.show(filter());
    draw();
  };
  for (const control of controls) control.addEventListener("change", apply);
  useSearch({ list, search });
  return { apply };
}

/** Escape in the search box: the box is emptied and left. */
export function leaveSearch(search) {
  search.value = "";
  search.dispatchEvent(new Event("input"));
  search.blur();
}
