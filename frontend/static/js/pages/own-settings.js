// A person's own settings: the picture before it is sent, the tone, and what this browser allows.
import { chime } from "../chime.js";
import { byId, make, part, setText } from "../dom.js";
import { t } from "../page.js";

function usePicture(input, preview) {
  const before = [...preview.childNodes];
  let address = "";
  input.addEventListener("change", () => {
    if (address) URL.revokeObjectURL(address);
    const [file] = input.files;
    address = file ? URL.createObjectURL(file) : "";
    if (!file) return preview.replaceChildren(...before);
    const picture = make("img");
    picture.alt = t("The new picture");
    picture.src = address;
    return preview.replaceChildren(picture);
  });
}

function usePermission(box) {
  const words = part(box, "words");
  const ask = part(box, "ask");
  const trial = part(box, "try");
  const show = () => {
    const state = Notification.permission;
    setText(words, {
      granted: t("This browser may show notifications of Parley."),
      denied: t("This browser shows none: notifications of this site are blocked in its settings. Allow them there, beside the address."),
      default: t("This browser has not been asked yet."),
    }[state]);
    ask.hidden = state !== "default";
    trial.hidden = state !== "granted";
  };
  ask.addEventListener("click", () => Notification.requestPermission().then(show));
  trial.addEventListener("click", () => new Notification("Parley", { body: t("This is what a new message looks like."), tag: "parley-trial" }));
  box.hidden = false;
  show();
}

if (byId("picture")) usePicture(byId("picture"), byId("picture-preview"));
if (byId("permission") && "Notification" in globalThis) usePermission(byId("permission"));
if (byId("play")) {
  byId("play").hidden = false;
  byId("play").addEventListener("click", chime);
}
