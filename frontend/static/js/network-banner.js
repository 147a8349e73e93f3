// Says in one line how the connection is: offline, coming back in n seconds, back. Silent when all is well.
import { part, setText } from "./dom.js";
import { t } from "./page.js";

const PATIENCE_MS = 1_500; // a short hiccup is nobody's business
const BACK_MS = 2_500;

export function watchNetwork(banner, live) {
  let wasDown = false;
  let isPatient = false; // the first moments of an outage, in which nothing is said
  let timer;
  let ticking;
  const words = part(banner, "words");
  const retry = part(banner, "retry");
  retry.addEventListener("click", () => live.reconnectNow());

  const say = (state, text) => {
    banner.hidden = false;
    banner.dataset.state = state;
    setText(words, text);
    retry.hidden = state !== "waiting";
  };
  const count = () => {
    if (live.state === "offline") return say("offline", t("You are offline. What you write is kept and sent later."));
    if (live.state === "connecting") return say("connecting", t("Reconnecting…"));
    const seconds = Math.max(1, Math.ceil((live.retryAt - Date.now()) / 1000));
    return say("waiting", t("Connection lost. Reconnecting in {n} s…", { n: seconds }));
  };
  const down = () => {
    if (ticking) return count();
    if (isPatient && live.state !== "offline") return undefined;
    isPatient = true;
    clearTimeout(timer);
    timer = setTimeout(() => {
      wasDown = true;
      count();
      ticking = setInterval(count, 500);
    }, live.state === "offline" ? 0 : PATIENCE_MS);
    return undefined;
  };
  const up = () => {
    clearTimeout(timer);
    clearInterval(ticking);
    ticking = undefined;
    isPatient = false;
    if (!wasDown) return;
    wasDown = false;
    say("back", t("Back online. Nothing was lost."));
    timer = setTimeout(() => (banner.hidden = true), BACK_MS);
  };
  live.addEventListener("state", () => {
    if (live.state === "online") up();
    else if (live.state === "stopped") {
      up();
      say("stopped", t("You were signed out. Please sign in again."));
    } else if (live.failures || live.state === "offline" || wasDown) down();
  });
}
