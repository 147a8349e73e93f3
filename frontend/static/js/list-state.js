// Which list is shown: tab, status, filters, order, saved view. One state; the header shows it and the list follows it.
import { countOf } from "./list-filter.js";
import { readJson } from "./storage.js";

const EMPTY = { tab: "", status: "open", person: "", label: [], priority: [], channel: "", unread: null, waiting_minutes: null, sort: "activity", order: "desc", view: null };
const KEPT = "parley.list";

export class ListState extends EventTarget {
  constructor(owner, storage = globalThis.sessionStorage) {
    super();
    Object.assign(this, { key: `${KEPT}.${owner}`, storage });
    const asked = new URLSearchParams(globalThis.location?.search ?? "").get("label"); // from the list of labels
    this.now = asked ? { ...EMPTY, status: "", label: [asked] } : { ...EMPTY, ...readJson(this.storage, this.key) };
  }

  /** True while the list is the one that every page begins with. */
  get isFirst() {
    return JSON.stringify(this.now) === JSON.stringify(EMPTY);
  }

  get count() {
    return countOf(this.now);
  }

  /** What the list and the counts are narrowed to. */
  get filter() {
    const { tab, person, view, ...rest } = this.now;
    return { ...rest, assignee: person || tab };
  }

  /** Changes what is named. Any change but to a tab leaves a saved view, unless `view` says which one it is. */
  set(values) {
    this.now = { ...this.now, ...values };
    this.storage.setItem(this.key, JSON.stringify(this.now));
    this.dispatchEvent(new Event("change"));
  }

  clear() {
    const { tab, status, sort, order } = this.now;
    this.set({ ...EMPTY, tab, status, sort, order });
  }

  reset() {
    this.set({ ...EMPTY, tab: this.now.tab });
  }

  /** A saved view as the state that shows it. */
  open(view) {
    const { assignee = "", status = "", ...filters } = view.filters;
    const isTab = ["", "me", "none"].includes(assignee);
    this.set({ ...EMPTY, ...filters, status, tab: isTab ? assignee : "", person: isTab ? "" : assignee, sort: view.sort, order: view.order, view: view.id });
  }

  /** The state as `/views/` keeps it. */
  get saved() {
    const { tab, status, person, label, priority, channel, unread, waiting_minutes, sort, order } = this.now;
    const named = { assignee: person || tab, status, label, priority, channel, unread, waiting_minutes };
    const filters = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== "" && value !== null && value?.length !== 0));
    return { filters, sort, order };
  }

  /** Whether the state is still what the view says. */
  isSame(view) {
    const { filters, sort, order } = this.saved;
    const plain = (one) => JSON.stringify(Object.entries(one).filter(([, value]) => value !== null && value !== "" && value?.length !== 0).sort(([a], [b]) => (a < b ? -1 : 1)));
    return sort === view.sort && order === view.order && plain(filters) === plain(view.filters);
  }
}
