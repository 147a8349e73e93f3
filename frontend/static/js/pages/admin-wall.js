// The wall: figures of all shops, renewed by the server and moved in between by what is heard. Nothing here writes.
import { page } from "../page.js";
import { get } from "../api.js";
import { ConversationStore } from "../conversation-store.js";
import { byId } from "../dom.js";
import { Live, socketOf } from "../live.js";
import { nowSeconds, keepFresh } from "../relative-time.js";
import { watchNetwork } from "../network-banner.js";
import { carry } from "../task-news.js";
import { ShopCards, fillTotals } from "../shop-cards.js";

const RENEW_MS = 10_000;
const DRAW_MS = 50;
const SOON_MS = 1_000;
const MOST = 100; // conversations of a look at the list

const me = page.me.id;
const store = new ConversationStore({ me, side: "admin" });
const cards = new ShopCards(byId("shops"));
let shops = page.shops;
let online = null;
const heard = []; // {shop, at}: what was said since the server counted

store.show({});
store.put(page.conversations.results);

const live = new Live({ address: () => socketOf(me), vector: () => ({}) });
carry(live);

function minuteOf(shop) {
  const since = nowSeconds() - 60;
  while (heard.length && heard[0].at < since) heard.shift();
  return heard.filter((one) => one.shop === shop).length;
}

/** Runs `ms` after the first call, whatever comes meanwhile: a busy desk never falls silent. */
function within(run, ms) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      run();
    }, ms);
  };
}

const draw = within(() => {
  const shown = shops.map((one) => ({
    ...one,
    messages: Math.max(one.messages, minuteOf(one.id)),
    online: online ? one.team.filter((id) => online.has(id)).length : one.online,
  }));
  const all = store.visible;
  fillTotals(byId("totals"), shown);
  byId("no-shops").hidden = shown.length > 0;
  cards.draw(shown, (id) => all.filter((one) => one.merchant_id === id));
}, DRAW_MS);

const renew = within(async () => {
  const [now, latest] = await Promise.all([get("/wall/"), get(`/conversations/?page_size=${MOST}`)]).catch(() => []);
  if (!now) return; // the next time
  shops = now.results;
  store.put(latest.results);
  draw();
}, SOON_MS);

live.addEventListener("message", ({ detail }) => {
  const one = store.get(detail.conversation_id);
  if (one) heard.push({ shop: one.merchant_id, at: nowSeconds() });
  store.hear(detail);
  renew();
  draw();
});
live.addEventListener("conversation", ({ detail }) => {
  store.put([detail.conversation]);
  renew();
  draw();
});
live.addEventListener("online_users", ({ detail }) => {
  online = new Set(detail.users);
  draw();
});
live.addEventListener("status", ({ detail }) => {
  if (detail.status === "offline") online?.delete(detail.user_id);
  else online?.add(detail.user_id);
  draw();
});
live.addEventListener("ready", renew);
live.addEventListener("signed-out", () => location.assign("/sign-in"));
setInterval(() => document.visibilityState === "visible" && renew(), RENEW_MS);

keepFresh();
watchNetwork(byId("network"), live);
draw();
live.start();
