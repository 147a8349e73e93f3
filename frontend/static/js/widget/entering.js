// Who comes in: the shop's word for its customer, the language that the reader chose, and the way back after a reload.
import { tellShop } from "../frame.js";
import { locale, page } from "../page.js";
import { storage } from "../storage.js";

const LANGUAGE = "parley.language";
const RETURN = "parley.return";

/** True when this is somebody else than before. A proof that the server refuses leaves the visitor a visitor. */
export async function enter(session, { token }) {
  if (!token) return false;
  try {
    return await session.identify(token);
  } catch (error) {
    tellShop("refused", { reason: error.code || error.message });
    return false;
  }
}

/** Begin anew as who one is now, in the thread that was open. */
export function comeBack(threadId) {
  if (threadId && threadId !== "new") storage.setItem(RETURN, threadId);
  location.reload();
}

comeBack.to = () => {
  const id = storage.getItem(RETURN);
  storage.removeItem(RETURN);
  return id;
};

export function speak(language) {
  storage.setItem(LANGUAGE, language);
  const address = new URL(location.href);
  address.searchParams.set("locale", language);
  location.replace(address);
}

/** The language that the reader chose here is worth more than the page's. */
export function keepLanguage() {
  const chosen = storage.getItem(LANGUAGE);
  if (!chosen || chosen === locale || !page.widget.languages.includes(chosen)) return false;
  speak(chosen);
  return true;
}
