// What the server hands a page: its facts and its words. Data blocks, never executable script.

function read(id) {
  const block = globalThis.document?.getElementById(id);
  return block ? JSON.parse(block.textContent) : {};
}

export const page = read("page-data");
export const locale = globalThis.document?.documentElement.lang || "en";

const words = read("page-texts");

function fill(text, params) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in params ? String(params[name]) : whole));
}

/** A sentence in the page's language. The English text is its name. */
export function t(text, params = {}) {
  return fill(words[text]?.[0] ?? text, params);
}

/** A sentence whose form depends on `n`, which fills `{n}`. */
export function tn(one, many, n, params = {}) {
  const forms = words[one] ?? [one, many];
  return fill(n === 1 ? forms[0] : forms[forms.length - 1], { n, ...params });
}
