// "@" in a private note names a colleague. Who is named when the note is kept is read from its text.
import { make } from "./dom.js";
import { fillAvatar, nameOf } from "./avatar.js";

const BEFORE_CARET = /(?:^|[\s(（])@([^\s@]{0,30})$/u;

/** A source for `Suggestions`. */
export function colleagues({ team, me }) {
  const others = team.filter((person) => person.id !== me);
  return {
    find(text, caret, mode) {
      const match = mode === "note" ? text.slice(0, caret).match(BEFORE_CARET) : null;
      return match && { words: match[1], from: caret - match[1].length - 1 };
    },
    load(words) {
      const wanted = words.toLowerCase();
      return others.filter((person) => `${nameOf(person)} ${person.username}`.toLowerCase().includes(wanted)).slice(0, 8);
    },
    nodes(person) {
      const avatar = make("span", "avatar small");
      avatar.setAttribute("aria-hidden", "true");
      fillAvatar(avatar, person);
      return [avatar, make("strong", "", nameOf(person)), make("small", "quiet", person.username ?? "")];
    },
    take: (person) => `@${nameOf(person)} `,
  };
}

/** Ids of the colleagues whose “@name” stands in `text`. Pure. */
export function namedIn(text, team) {
  return team.filter((person) => text.includes(`@${nameOf(person)}`)).map((person) => person.id);
}
