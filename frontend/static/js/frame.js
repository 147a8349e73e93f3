// The buyer's page inside a shop's page: a few words with the loader, to one exact origin only.

const HELLO_MS = 2_000; // a page that frames us by itself never answers

const asked = new URLSearchParams(globalThis.location?.search ?? "").get("origin") ?? "";
const isFramed = globalThis.parent !== globalThis && asked !== "" && URL.canParse(asked);
const origin = isFramed ? new URL(asked).origin : "";
const backlog = []; // said before anybody listened
let listener = (said) => backlog.push(said);
let greet = () => {};

if (isFramed) {
  addEventListener("message", (event) => {
    if (event.source !== parent || event.origin !== origin || typeof event.data?.parley !== "string") return;
    if (event.data.parley === "hello") greet(event.data);
    else listener(event.data);
  });
}

/** "close", "unread", "message" … to the page around us. */
export function tellShop(type, facts = {}) {
  if (isFramed) parent.postMessage({ parley: type, ...facts }, origin);
}

/** From now on; what was said before comes first. */
export function hearShop(listen) {
  listener = listen;
  backlog.splice(0).forEach(listen);
}

/** What the loader knows before we begin: is the panel open, who is this, which page is it. */
export function greeted() {
  if (!isFramed) return Promise.resolve({ isOpen: true, page: null });
  return new Promise((resolve) => {
    greet = resolve;
    setTimeout(() => resolve({ isOpen: true, page: null }), HELLO_MS);
    tellShop("hello");
  });
}
