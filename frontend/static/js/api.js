// The JSON API. The console's cookie goes by itself; the buyer's page lends its token and renews it once on a 401.
import { t } from "./page.js";

const BASE = "/api/v1";

export class ApiError extends Error {
  constructor(status, code, detail, retryAfter = 0) {
    super(detail);
    Object.assign(this, { status, code, retryAfter });
  }

  /** Trying again can help: the network, a restart, a limit. */
  get isPassing() {
    return this.status === 0 || this.status >= 500 || [401, 408, 425, 429].includes(this.status);
  }
}

let bearer = null;

/** `session.token({isFresh})` gives the access token; without this call the cookie is used. */
export function useBearer(session) {
  bearer = session;
}

async function headers(isFresh) {
  return bearer ? { Authorization: `Bearer ${await bearer.token({ isFresh })}` } : {};
}

async function answer(response) {
  const body = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.ok) return body;
  const detail = typeof body?.detail === "string" ? body.detail : t("Something went wrong. Please try again.");
  throw new ApiError(response.status, body?.code ?? "", detail, Number(response.headers.get("Retry-After")) || 0);
}

export async function request(method, path, body, { isFresh = false, isPublic = false, signal } = {}) {
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      signal,
      headers: {
        "Accept-Language": document.documentElement.lang,
        ...(isPublic ? {} : await headers(isFresh)),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: bearer || isPublic ? "omit" : "same-origin",
    });
  } catch (error) {
    if (error instanceof ApiError || error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", t("The network is away."));
  }
  if (response.status === 401 && bearer && !isFresh && !isPublic) return request(method, path, body, { isFresh: true, signal });
  return answer(response);
}

export const get = (path, options) => request("GET", path, undefined, options);
export const post = (path, body, options) => request("POST", path, body, options);
export const put = (path, body, options) => request("PUT", path, body, options);
export const remove = (path, options) => request("DELETE", path, undefined, options);

/** Query text from what is set. */
export function query(params) {
  const set = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return set.length ? `?${new URLSearchParams(set)}` : "";
}

/** A file with progress 0…1; `fetch` cannot tell how much it has sent. Returns {promise, cancel}. */
export function upload(file, onProgress) {
  const sender = new XMLHttpRequest();
  const promise = (async () => {
    const extra = await headers(false);
    return new Promise((resolve, reject) => {
      sender.open("POST", `${BASE}/upload/`);
      sender.responseType = "json";
      sender.setRequestHeader("Accept-Language", document.documentElement.lang);
      for (const [name, value] of Object.entries(extra)) sender.setRequestHeader(name, value);
      sender.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
      sender.onload = () => {
        if (sender.status < 300) return resolve(sender.response);
        return reject(new ApiError(sender.status, sender.response?.code ?? "", sender.response?.detail ?? t("This file could not be sent.")));
      };
      sender.onerror = () => reject(new ApiError(0, "offline", t("The network is away.")));
      sender.onabort = () => reject(new ApiError(0, "cancelled", ""));
      const form = new FormData();
      form.append("file", file, file.name || "image.png");
      sender.send(form);
    });
  })();
  return { promise, cancel: () => sender.abort() };
}
