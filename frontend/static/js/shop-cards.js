// The cards of the wall: one for each shop, with figures and what moved last in it.
import { arrange, clone, part, setText } from "./dom.js";
import { t, tn } from "./page.js";
import { fillAvatar, nameOf } from "./avatar.js";
import { ago, setAgo, waiting } from "./relative-time.js";

const LATELY = 4; // conversations of one card

/** Figures of all shops together. */
function totalsOf(shops) {
  const sum = (name) => shops.reduce((total, one) => total + one[name], 0);
  const waits = shops.map((one) => one.oldest_wait).filter(Boolean);
  return { shops: shops.length, open: sum("open"), waiting: sum("waiting"), messages: sum("messages"), online: sum("online"), oldest_wait: waits.length ? Math.min(...waits) : null };
}

/** Where somebody waits longest first, then what is busiest. */
function inOrder(shops) {
  return [...shops].sort((a, b) => (a.oldest_wait ?? Infinity) - (b.oldest_wait ?? Infinity) || b.open - a.open || a.name.localeCompare(b.name));
}

function setWait(node, since) {
  node.className = since ? waiting(since).urgency : "";
  setText(node, since ? ago(since) : "–");
}

export function fillTotals(root, shops) {
  const totals = totalsOf(shops);
  for (const name of ["shops", "open", "waiting", "messages", "online"]) setText(part(root, name), String(totals[name]));
  setWait(part(root, "oldest"), totals.oldest_wait);
}

export class ShopCards {
  #nodes = new Map();

  constructor(root) {
    this.root = root;
  }

  /** `lately(id)` gives the shop's conversations, the last moved first. */
  draw(shops, lately) {
    const nodes = inOrder(shops).map((shop) => {
      const node = this.#nodes.get(shop.id) ?? clone("shop-template");
      this.#nodes.set(shop.id, node);
      this.#fill(node, shop, lately(shop.id).slice(0, LATELY));
      return node;
    });
    if (!this.root.matches(":hover, :focus-within") || nodes.length !== this.root.children.length) arrange(this.root, nodes);
  }

  #fill(node, shop, conversations) {
    node.dataset.shop = shop.id;
    fillAvatar(part(node, "avatar"), { ...shop, display_name: shop.name }, shop.online ? "online" : "offline");
    setText(part(node, "name"), shop.name);
    part(node, "name").href = `/admin/conversations?merchant=${encodeURIComponent(shop.id)}`;
    setText(part(node, "online"), shop.online ? tn("1 team member online", "{n} team members online", shop.online) : t("No team member online"));
    part(node, "blocked").hidden = !shop.is_blocked;
    setText(part(node, "open"), String(shop.open));
    setText(part(node, "waiting"), String(shop.waiting));
    setWait(part(node, "oldest"), shop.oldest_wait);
    setText(part(node, "messages"), String(shop.messages));
    part(node, "nothing").hidden = conversations.length > 0;
    arrange(part(node, "lately"), conversations.map((one) => this.#line(one)));
  }

  #line(one) {
    const node = this.#nodes.get(`line-${one.id}`) ?? clone("lately-template");
    this.#nodes.set(`line-${one.id}`, node);
    part(node, "link").href = `/admin/conversations/${one.id}`;
    node.classList.toggle("is-waiting", one.waiting_since !== null);
    setText(part(node, "name"), nameOf(one.customer));
    setAgo(part(node, "time"), one.last_message_time ?? one.created_at);
    setText(part(node, "preview"), one.last_message || t("A picture or a file"));
    return node;
  }
}
