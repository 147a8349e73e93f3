// What a shop's people call a buyer, and whether they block one, changes under open pages.

/** Keeps the conversations of a page in line with the address book. */
export function followContacts({ live, store, draw }) {
  live.addEventListener("contact", ({ detail: { contact, names } }) => {
    const changed = store.all
      .filter((one) => one.customer_id in names)
      .map((one) => ({ ...one, is_blocked: contact.blocked_at !== null, customer: { ...one.customer, display_name: names[one.customer_id] } }));
    store.put(changed, { isInView: false });
    if (changed.length) draw();
  });
}
