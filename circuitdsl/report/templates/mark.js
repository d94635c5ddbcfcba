"use strict";
(() => {
  const mark = (unit) => {
    for (const each of document.querySelectorAll("[data-unit]"))
      each.classList.toggle("marked", unit !== null && each.dataset.unit === unit);
  };
  const unitOf = (node) => {
    const within = node.closest("[data-unit]") ?? node.querySelector(":scope > [data-unit]");
    return within === null ? null : within.dataset.unit;
  };
  for (const event of ["mouseover", "focusin"])
    document.addEventListener(event, ({ target }) => {
      if (target instanceof Element) mark(unitOf(target));
    });
  document.addEventListener("focusout", () => mark(null));
})();
