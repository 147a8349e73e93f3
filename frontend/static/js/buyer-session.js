// Who the buyer is on this device: a visitor, who is a random secret of 128 bits that never leaves it but to us; or a
// customer, for whom the shop's server vouches with a signed token. Nobody is signed in, and no row exists, before the
// first message.
import { ApiError, post } from "./api.js";
import { oneAtATime, readJson, storage as kept } from "./storage.js";

const DEVICE = "parley.device";
const TOKENS = "parley.tokens";
const CUSTOMER = "parley.customer.";
const OUTBOX = "parley.outbox.buyer.";
const WORDS = ["parley.told.", "parley.draft.", OUTBOX];
const EARLY_S = 60; // a token that ends this soon is renewed now

function newDeviceId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whom a shop's token names. Not checked here: that is the server's, and this only saves asking it again. */
function subjectOf(token) {
  try {
    return String(JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).sub);
  } catch {
    return null;
  }
}

export class BuyerSession {
  #proof = null; // the shop's token, kept in memory only

  constructor(shopId, storage = kept) {
    Object.assign(this, { shopId, storage });
  }

  /** This device has written before, or the shop's customer has. */
  get isKnown() {
    return this.#tokens !== null && (this.isCustomer || this.storage.getItem(DEVICE) !== null);
  }

  /** Something was written here and has not reached the server. */
  get hasUnsent() {
    return Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at)).some((key) => key.startsWith(`${OUTBOX}${this.shopId}.`));
  }

  /** The shop vouches for who this is. */
  get isCustomer() {
    return this.#proof !== null || readJson(this.storage, this.#customerKey) !== null;
  }

  get userId() {
    return this.#tokens?.user_id ?? null;
  }

  /** A working access token; signs in when it must. `isFresh`: the one that we had was refused. */
  async token({ isFresh = false } = {}) {
    const had = this.#tokens;
    if (had && !isFresh && had.until > Date.now() / 1000 + EARLY_S) return had.access;
    // One tab renews for all: a refresh token works once, and using it twice ends the session.
    return oneAtATime("parley.tokens", async () => {
      const now = this.#tokens;
      if (now && now.access !== had?.access) return now.access;
      return (await this.#renew(now)).access;
    });
  }

  /**
   * The shop's server says who this is. True when this is somebody else than before: the page begins anew.
   * What the visitor said so far moves to the customer, by the visitor's own token.
   */
  async identify(token) {
    const before = readJson(this.storage, this.#customerKey);
    const wasKnown = this.isKnown;
    this.#proof = token;
    if (before?.sub === subjectOf(token)) return false;
    if (before) this.storage.removeItem(this.#customerKey);
    const visitor_token = !before && wasKnown ? await this.#visitorToken() : null;
    let answer;
    try {
      answer = await this.#exchange({ visitor_token, only_known: visitor_token === null });
    } catch (error) {
      this.#proof = null;
      throw error;
    }
    return answer !== null || wasKnown;
  }

  /** The customer leaves. What the visitor of this device has is the visitor's again. */
  async logout() {
    const tokens = readJson(this.storage, this.#customerKey);
    const was = this.isCustomer;
    this.#proof = null;
    this.storage.removeItem(this.#customerKey);
    this.#forgetWords();
    if (tokens) await post("/auth/logout", { refresh_token: tokens.refresh }, { isPublic: true }).catch(() => {});
    return was;
  }

  /** Everything of this person is forgotten here. */
  forget() {
    this.#proof = null;
    for (const key of [this.#customerKey, TOKENS, DEVICE]) this.storage.removeItem(key);
    this.#forgetWords();
  }

  /** What was begun to be written, and what was told in forms: the next person at this computer must not read it. */
  #forgetWords() {
    const keys = Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at));
    for (const key of keys) if (WORDS.some((prefix) => key.startsWith(prefix + this.shopId))) this.storage.removeItem(key);
  }

  async #visitorToken() {
    try {
      const tokens = readJson(this.storage, TOKENS);
      if (tokens.until > Date.now() / 1000 + EARLY_S) return tokens.access;
      return await oneAtATime("parley.tokens", async () => (await this.#renewVisitor(readJson(this.storage, TOKENS))).access);
    } catch {
      return null;
    }
  }

  async #exchange(more) {
    const body = { shop: this.shopId, token: this.#proof, ...more };
    const answer = await post("/auth/exchange", body, { isPublic: true });
    return answer && this.#keep(this.#customerKey, answer, subjectOf(this.#proof));
  }

  async #renew(tokens) {
    if (!this.isCustomer) return this.#renewVisitor(tokens);
    if (tokens?.refresh) {
      const renewed = await this.#refreshed(this.#customerKey, tokens);
      if (renewed) return renewed;
    }
    if (this.#proof) return this.#exchange({});
    this.storage.removeItem(this.#customerKey);
    throw new ApiError(0, "signed_out", "");
  }

  async #renewVisitor(tokens) {
    const renewed = tokens?.refresh ? await this.#refreshed(TOKENS, tokens) : null;
    return renewed ?? this.#keep(TOKENS, await post("/auth/login", { device_id: this.#device() }, { isPublic: true }));
  }

  async #refreshed(key, tokens) {
    try {
      return this.#keep(key, await post("/auth/refresh", { refresh_token: tokens.refresh }, { isPublic: true }), tokens.sub);
    } catch (error) {
      // Only a refused token leads to a new sign-in; an outage leads to a new try.
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return null;
    }
  }

  #device() {
    let id = this.storage.getItem(DEVICE);
    if (!id) {
      id = newDeviceId();
      this.storage.setItem(DEVICE, id);
    }
    return id;
  }

  #keep(key, { access_token, refresh_token, expires_in, user }, sub) {
    const tokens = { access: access_token, refresh: refresh_token, until: Date.now() / 1000 + expires_in, user_id: user.id, sub };
    this.storage.setItem(key, JSON.stringify(tokens));
    return tokens;
  }

  get #customerKey() {
    return CUSTOMER + this.shopId;
  }

  get #tokens() {
    return readJson(this.storage, this.isCustomer ? this.#customerKey : TOKENS);
  }
}
