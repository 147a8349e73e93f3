// Asks whether the browser may notify, in a quiet bar: from the second visit on, or after the first message that was
// missed. Never on load, and not again for a month after a no.
const VISITS = "parley.visits";
const COUNTED = "parley.visit";
const NOT_BEFORE = "parley.ask-notify";
const MONTH_MS = 30 * 86_400_000;
const PAUSE_MS = 20_000;

export function askNotify({ bar, notifier, storage = localStorage, session = sessionStorage }) {
  if (!("Notification" in globalThis) || !globalThis.isSecureContext) return;
  if (!session.getItem(COUNTED)) {
    session.setItem(COUNTED, "1");
    storage.setItem(VISITS, String(Number(storage.getItem(VISITS) ?? 0) + 1));
  }
  const mayAsk = () => Notification.permission === "default" && notifier.preferences.notify !== "none" && Number(storage.getItem(NOT_BEFORE) ?? 0) < Date.now();
  const ask = () => (bar.hidden = !mayAsk());
  notifier.addEventListener("told", ({ detail }) => detail.isMissed && ask());
  if (Number(storage.getItem(VISITS)) > 1) setTimeout(ask, PAUSE_MS);

  bar.addEventListener("click", async (event) => {
    const what = event.target.closest("button")?.dataset.do;
    if (!what) return;
    bar.hidden = true;
    if (what === "allow") await Notification.requestPermission();
    if (Notification.permission === "default") storage.setItem(NOT_BEFORE, String(Date.now() + MONTH_MS));
  });
}
