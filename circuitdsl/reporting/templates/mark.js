"use strict";
(() => {
  // where the units of a matrix stand: "x y width height unit"; "~" before those that cannot be pointed at
  for (const group of document.querySelectorAll("[data-bands]"))
    for (const text of group.dataset.bands.split("|").filter(Boolean)) {
      const [, under, x, y, width, height, unit] = /^(~?)(\d+) (\d+) (\d+) (\d+) (.*)$/s.exec(text);
      const band = document.createElementNS(group.namespaceURI, "rect");
      const kind = under ? "band under" : "band";
      for (const [key, value] of Object.entries({ x, y, width, height, class: kind }))
        band.setAttribute(key, value);
      band.dataset.unit = unit;
      const title = document.createElementNS(group.namespaceURI, "title");
      title.textContent = unit;
      band.append(title);
      group.append(band);
    }
  let kept = null;
  const mark = (unit) => {
    for (const each of document.querySelectorAll("[data-unit]"))
      each.classList.toggle("marked", unit !== null && each.dataset.unit === unit);
  };
  const unitOf = (node) => {
    const within = node.closest("[data-unit]") ?? node.querySelector(":scope > [data-unit]");
    return within === null ? null : within.dataset.unit;
  };
  const keep = (unit) => {
    kept = unit;
    mark(kept);
  };
  for (const event of ["mouseover", "focusin"])
    document.addEventListener(event, ({ target }) => {
      if (target instanceof Element) mark(unitOf(target) ?? kept);
    });
  document.addEventListener("focusout", () => mark(kept));
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element) keep(unitOf(target));
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") keep(null);
  });
  // circuits that are wider than the page begin in the middle, below the image
  for (const { parentElement: around } of document.querySelectorAll("svg.circuit"))
    around.scrollLeft = (around.scrollWidth - around.clientWidth) / 2;
  // a unit can be cited: PAGE.html#mixed3b:345
  const cited = () => {
    const place = decodeURIComponent(location.hash.slice(1));
    const units = [...document.querySelectorAll("[data-unit]")];
    const unit = units.find((each) => each.dataset.unit === place);
    if (unit === undefined) return;
    for (let each = unit; each !== null; each = each.parentElement)
      if (each instanceof HTMLDetailsElement) each.open = true;
    if (document.getElementById(place) === null) unit.scrollIntoView({ block: "center" });
    keep(place);
  };
  addEventListener("hashchange", cited);
  cited();
})();
