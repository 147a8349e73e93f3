// The buyer's page inside a shop's page: a few words with the loader, to one exact origin only.

const asked = new URLSearchParams(globalThis.location?.search ?? "").get("origin") ?? "";
const isFramed = globalThis.parent !== globalThis && asked !== "" && URL.canParse(asked);
const origin = isFramed ? new URL(asked).origin : "";

/** "close", "unread", "ready" … to the page around us. */
export function tellShop(type, facts = {}) {
  if (isFramed) parent.postMessage({ parley: type, ...facts }, origin);
}

export function hearShop(listen) {
  globalThis.addEventListener("message", (event) => {
    if (isFramed && event.source === parent && event.origin === origin && typeof event.data?.parley === "string") listen(event.data);
  });
}
