// A shop that takes no messages from this person: the page says so in the place of the field for them.

export class Blocked {
  constructor({ node, composer, own, live, shopId, draw }) {
    Object.assign(this, { node, composer, own });
    live.addEventListener("blocked", ({ detail }) => {
      if (detail.merchant_id !== shopId) return;
      own.put(own.all.map((one) => ({ ...one, is_blocked: detail.on })));
      draw();
    });
  }

  draw() {
    const isBlocked = this.own.all.some((one) => one.is_blocked);
    this.node.hidden = !isBlocked;
    this.composer.hidden = isBlocked;
  }
}
