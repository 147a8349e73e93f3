// The first screen: the shop and its people, whether somebody is there, and one's own conversations.
import { fillAvatar } from "../avatar.js";
import { arrange, byId, clone, icon, make, part, setText } from "../dom.js";
import { lastTime } from "../last-message.js";
import { t } from "../page.js";
import { dayName, setAgo } from "../relative-time.js";

const SYMBOLS = { image: "image", file: "file" };

export class Home {
  #cards = new Map();

  constructor({ shop, own, people }) {
    Object.assign(this, { shop, own, people });
  }

  /** Faces of those who answer, else the shop's own. */
  drawTeam(widget) {
    const members = widget.show_team && this.shop.team?.length ? this.shop.team : [{ name: this.shop.name, avatar: this.shop.avatar }];
    const team = byId("team");
    team.setAttribute("aria-label", members.map((one) => one.name).join(", "));
    team.replaceChildren(...members.map((one) => {
      const node = make("span", "avatar");
      fillAvatar(node, { id: one.name, display_name: one.name, avatar: one.avatar });
      return node;
    }));
  }

  draw({ isTyping, draftOf }) {
    const all = this.own.all;
    byId("own").hidden = all.length === 0;
    arrange(byId("own-list"), all.map((one) => {
      const node = this.#cards.get(one.id) ?? clone("own-template");
      this.#cards.set(one.id, node);
      this.#fill(node, one, { isTyping: isTyping(one.id), draft: draftOf(one.id) });
      return node;
    }));
    setText(byId("start").querySelector(".words"), this.#invitation());
  }

  #invitation() {
    if (this.own.open) return t("Continue the conversation");
    return this.shop.is_open ? t("Start a conversation") : t("Leave a message");
  }

  #fill(node, one, { isTyping, draft }) {
    const isOver = one.status === "resolved";
    node.dataset.id = one.id;
    setText(part(node, "name"), isOver ? t("Finished: {day}", { day: dayName(lastTime(one)) }) : t("Our conversation"));
    part(node, "symbol").replaceChildren(icon(isOver ? "check" : "inbox"));
    setAgo(part(node, "time"), lastTime(one));
    this.#preview(part(node, "preview"), one, isTyping, draft);
    const pill = part(node, "unread");
    pill.hidden = one.customer_unread === 0;
    setText(pill.firstElementChild, one.customer_unread > 99 ? "99+" : String(one.customer_unread));
    node.classList.toggle("unread", !pill.hidden);
  }

  #preview(node, one, isTyping, draft) {
    if (isTyping) return setText(node, t("typing…"));
    if (draft) return setText(node, t("Draft: {text}", { text: draft }));
    if (one.last_seq === 0) return setText(node, t("No messages yet"));
    const kind = { image: t("Picture"), file: t("File") }[one.last_message_type];
    const said = one.last_message || kind || t("This message was deleted.");
    const isMine = one.last_sender_id === one.customer_id;
    node.replaceChildren(isMine ? t("You: {text}", { text: "" }) : "", ...(SYMBOLS[one.last_message_type] ? [icon(SYMBOLS[one.last_message_type])] : []), said);
    return undefined;
  }
}
