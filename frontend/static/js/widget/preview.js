// In the builder of the settings: the same page, which shows what is being chosen and sends nothing.

/** Follows what the builder tells; only our own page may. */
export function showPreview({ shop, widget, home, draw }) {
  const plain = { title: document.getElementById("hero-title").textContent, tagline: document.getElementById("hero-tagline").textContent };
  const colours = document.getElementById("colours");
  addEventListener("message", ({ data, origin, source }) => {
    if (source !== parent || origin !== location.origin || !data?.look) return;
    Object.assign(widget, data.look);
    document.getElementById("hero-title").textContent = widget.title || shop.name || plain.title;
    document.getElementById("hero-tagline").textContent = widget.tagline || data.defaultTagline || plain.tagline;
    document.querySelector(".consent span").textContent = widget.consent;
    document.documentElement.dataset.theme = widget.theme === "auto" ? "" : widget.theme;
    const address = `${location.pathname}/colours.css?color=${encodeURIComponent(widget.color)}`;
    if (!colours.href.endsWith(address)) colours.href = address;
    home.drawTeam(widget);
    draw();
  });
  parent.postMessage({ parley: "preview" }, location.origin);
}
