// Reports: the numbers under the pointer, said below the chart.
document.addEventListener("pointerover", ({ target }) => {
  const place = target.closest?.("[data-says]");
  if (place) place.closest(".chart").querySelector('[data-part="says"]').textContent = place.dataset.says;
});
