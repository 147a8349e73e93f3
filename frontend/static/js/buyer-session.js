// Who the buyer is on this device: a random secret of 128 bits that never leaves it but to us, and the tokens that it
// opens. Nobody is signed in, and no row exists, before the first message.
import { ApiError, post } from "./api.js";

const DEVICE = "parley.device";
const TOKENS = "parley.tokens";
const EARLY_S = 60; // a token that ends this soon is renewed now

function newDeviceId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class BuyerSession {
  constructor(storage = globalThis.localStorage) {
    this.storage = storage;
  }

  /** This device has written before. */
  get isKnown() {
    return this.storage.getItem(DEVICE) !== null && this.#tokens !== null;
  }

  get userId() {
    return this.#tokens?.user_id ?? null;
  }

  /** A working access token; signs the device in when it must. `isFresh`: the one that we had was refused. */
  async token({ isFresh = false } = {}) {
    const had = this.#tokens;
    if (had && !isFresh && had.until > Date.now() / 1000 + EARLY_S) return had.access;
    // One tab renews for all: a refresh token works once, and using it twice ends the session.
    return navigator.locks.request("parley.tokens", async () => {
      const now = this.#tokens;
      if (now && now.access !== had?.access) return now.access;
      return (await this.#renew(now)).access;
    });
  }

  async #renew(tokens) {
    if (tokens?.refresh) {
      try {
        return this.#keep(await post("/auth/refresh", { refresh_token: tokens.refresh }, { isPublic: true }));
      } catch (error) {
        // Only a refused token leads to a new sign-in; an outage leads to a new try.
        if (!(error instanceof ApiError) || error.status !== 401) throw error;
      }
    }
    return this.#keep(await post("/auth/login", { device_id: this.#device() }, { isPublic: true }));
  }

  #device() {
    let id = this.storage.getItem(DEVICE);
    if (!id) {
      id = newDeviceId();
      this.storage.setItem(DEVICE, id);
    }
    return id;
  }

  #keep({ access_token, refresh_token, expires_in, user }) {
    const user_id = user?.id ?? this.userId;
    const tokens = { access: access_token, refresh: refresh_token, until: Date.now() / 1000 + expires_in, user_id };
    this.storage.setItem(TOKENS, JSON.stringify(tokens));
    return tokens;
  }

  get #tokens() {
    try {
      return JSON.parse(this.storage.getItem(TOKENS));
    } catch {
      return null;
    }
  }
}
