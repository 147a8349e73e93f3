// Saved views: a menu at the list's title, and a small dialog to name and share one.
import { get, post, put, remove } from "./api.js";
import { byId } from "./dom.js";
import { page, t } from "./page.js";
import { openMenu } from "./choice-menu.js";

export function savedViews({ state, toast }) {
  let views = page.views ?? [];
  const dialog = byId("view-dialog");
  const form = dialog.querySelector("form");
  const { name, is_shared: shared } = form.elements;
  let renamed = null;

  const current = () => views.find((one) => one.id === state.now.view) ?? null;

  async function act(run, done) {
    try {
      await run();
      views = (await get("/views/")).results;
      if (done) toast(done);
    } catch (error) {
      toast(error.message);
    }
    state.dispatchEvent(new Event("views"));
  }

  function ask(view = null) {
    renamed = view;
    byId("view-dialog-title").textContent = view ? t("Rename the view") : t("Save this view");
    name.value = view?.name ?? "";
    shared.checked = view?.is_shared ?? false;
    dialog.showModal();
    name.select();
  }

  form.addEventListener("submit", (event) => {
    if (event.submitter?.value === "cancel") return;
    const draft = { name: name.value.trim(), is_shared: shared.checked };
    if (renamed) act(() => put(`/views/${renamed.id}`, draft), t("The view is renamed."));
    else act(async () => state.set({ view: (await post("/views/", { ...draft, ...state.saved })).id }), t("The view is saved."));
  });

  function items() {
    const shown = current();
    const own = views.filter((one) => !one.is_shared);
    const team = views.filter((one) => one.is_shared);
    const choice = (one) => ({ label: one.name, icon: "bookmark", isChecked: one.id === shown?.id, run: () => state.open(one) });
    return [
      { label: t("Inbox"), icon: "inbox", isChecked: !shown, run: () => state.reset() },
      ...(own.length ? [{ title: t("Yours") }, ...own.map(choice)] : []),
      ...(team.length ? [{ title: t("The team’s") }, ...team.map(choice)] : []),
      null,
      { label: t("Save this view…"), icon: "plus", run: () => ask() },
      ...(shown?.can_change ? changesOf(shown) : []),
    ];
  }

  const changesOf = (view) => [
    null,
    !state.isSame(view) && { label: t("Update “{name}”", { name: view.name }), icon: "retry", run: () => act(() => put(`/views/${view.id}`, state.saved), t("The view is updated.")) },
    { label: t("Rename…"), icon: "edit", run: () => ask(view) },
    { label: view.is_shared ? t("Stop sharing") : t("Share with the team"), icon: "people", run: () => act(() => put(`/views/${view.id}`, { is_shared: !view.is_shared }), view.is_shared ? t("Only you see the view now.") : t("Your team sees the view now.")) },
    {
      label: t("Delete “{name}”", { name: view.name }), icon: "trash", isDanger: true,
      items: [{ label: t("Yes, delete it"), icon: "trash", isDanger: true, run: () => act(async () => (await remove(`/views/${view.id}`), state.reset()), t("The view is deleted.")) }],
    },
  ];

  const button = byId("views");
  button.addEventListener("click", () => openMenu({ at: button, label: t("Views"), items }));

  return {
    /** The view that is shown, and whether the filters have left it since. */
    get shown() {
      const view = current();
      return view && { ...view, isChanged: !state.isSame(view) };
    },
    get all() {
      return views;
    },
    ask,
  };
}
