// What stands inside a bubble: text with safe links, pictures, files. Data enters as text and attributes only.
import { icon, make } from "./dom.js";
import { page, t } from "./page.js";
import { linked } from "./links.js";

const WIDEST = 280; // px of a picture in a bubble
const TALLEST = 320;
const KINDS = [
  [/pdf$/, "pdf"],
  [/(msword|wordprocessing|opendocument\.text)/, "doc"],
  [/(excel|spreadsheet|csv)/, "sheet"],
  [/(powerpoint|presentation)/, "slides"],
];

export const isPicture = (attachment) => attachment.content_type?.startsWith("image/");

/** Nothing is left of it: it was taken back, or its sender was forgotten. */
export const isDeleted = (message) => Boolean(message.deleted_at) || (message.message_type === "text" && !message.content && message.attachments.length === 0);

/** A message's content never changes but by being deleted, so a bubble is filled once; a pending one gains its files. */
export function fillContent(bubble, message) {
  const shown = `${message.id ?? ""}:${message.attachments.length}:${isDeleted(message)}`;
  if (bubble.dataset.shown === shown || (bubble.dataset.shown !== undefined && message.attachments.length === 0 && !isDeleted(message))) return;
  bubble.dataset.shown = shown;
  bubble.replaceChildren();
  const hasOnlyPictures = message.attachments.length > 0 && message.attachments.every(isPicture) && !message.content;
  bubble.classList.toggle("pictures", hasOnlyPictures);
  bubble.classList.toggle("deleted", isDeleted(message));
  for (const attachment of message.attachments) bubble.append(isPicture(attachment) ? pictureNode(attachment) : fileNode(attachment));
  if (message.content) bubble.append(...linked(message.content));
  else if (isDeleted(message)) bubble.append(t("This message was deleted."));
}

/** One line that stands for a message: its words, else what its files are. */
export function summaryOf(message) {
  if (isDeleted(message)) return t("This message was deleted.");
  if (message.content) return message.content.replaceAll(/\s+/g, " ").slice(0, 160);
  const [first] = message.attachments;
  return isPicture(first ?? {}) ? t("Picture") : (first?.name ?? "");
}

/** Files are ours: a link that `BASE_URL` made for another address of this server still opens here. */
function ownUrl(url) {
  return page.mediaOrigin && url.startsWith(`${page.mediaOrigin}/media/`) ? url.slice(page.mediaOrigin.length) : url;
}

export function pictureNode(attachment) {
  const link = make("a", "picture");
  link.href = ownUrl(attachment.url);
  link.dataset.lightbox = attachment.name;
  const picture = make("img");
  picture.alt = attachment.name || t("Picture");
  picture.loading = "lazy";
  picture.decoding = "async";
  if (attachment.width && attachment.height) {
    // The box stands before the bytes are there, so that nothing jumps when they arrive.
    const scale = Math.min(1, WIDEST / attachment.width, TALLEST / attachment.height);
    picture.width = Math.round(attachment.width * scale);
    picture.height = Math.round(attachment.height * scale);
  }
  picture.src = ownUrl(attachment.thumbnail_url || attachment.url);
  link.append(picture);
  return link;
}

export function fileNode(attachment) {
  const link = make("a", "file");
  link.href = ownUrl(attachment.url);
  link.target = "_blank";
  link.rel = "noopener";
  const words = make("span");
  words.append(make("span", "name", attachment.name), make("small", "", [kindOf(attachment), sizeText(attachment.size)].filter(Boolean).join(" · ")));
  const sign = make("span", "sign");
  sign.dataset.kind = KINDS.find(([pattern]) => pattern.test(attachment.content_type ?? ""))?.[1] ?? "file";
  sign.append(icon("file"));
  link.append(sign, words);
  return link;
}

const kindOf = ({ name = "" }) => (name.includes(".") ? name.split(".").at(-1).slice(0, 5).toUpperCase() : "");

export function sizeText(bytes) {
  if (!(bytes >= 0)) return "";
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1_048_576 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
}
