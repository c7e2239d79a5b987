/* Explanations of symbols and notes, on hover, focus and touch. Without this script, browsers show
   the attribute "title" on hover. */
(function () {
  "use strict";

  const tip = document.createElement("div");
  let owner = null;
  tip.id = "xpcaps-tip";
  tip.className = "xpcaps-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;

  function hide() {
    if (!owner) return;
    owner.title = tip.textContent;
    owner.removeAttribute("aria-describedby");
    owner = null;
    tip.hidden = true;
  }

  function show(element) {
    if (element === owner) return;
    hide();
    if (!element) return;
    tip.textContent = element.title;
    element.removeAttribute("title"); // otherwise the browser shows it as well
    element.setAttribute("aria-describedby", tip.id);
    owner = element;
    tip.style.left = tip.style.top = "0";
    tip.hidden = false;
    const box = element.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const left = Math.max(8, Math.min(box.left, width - size.width - 8));
    const below = box.bottom + 6 + size.height <= window.innerHeight;
    const top = below ? box.bottom + 6 : Math.max(8, box.top - size.height - 6);
    tip.style.left = left + window.scrollX + "px";
    tip.style.top = top + window.scrollY + "px";
  }

  function explained(event) {
    return event.target.closest ? event.target.closest(".xpcaps-explained") : null;
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (!document.querySelector(".xpcaps-explained")) return;
    document.body.append(tip);
    document.addEventListener("pointerover", (event) => {
      if (!tip.contains(event.target)) show(explained(event)); // the pointer may rest on the tip
    });
    document.addEventListener("focusin", (event) => show(explained(event)));
    document.addEventListener("focusout", hide);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hide();
    });
  });
})();

/* Search and filters of the report. Without this script the whole table is shown. */
(function () {
  "use strict";

  const STATUSES = {
    "": "any status",
    "xpcaps-supported": "supported",
    "xpcaps-partial": "partial",
    "xpcaps-unsupported": "unsupported",
    "xpcaps-conflict": "conflict",
    "xpcaps-not-measured": "not measured",
  };

  function select(label, choices) {
    const element = document.createElement("select");
    element.setAttribute("aria-label", label);
    for (const [value, text] of choices) element.add(new Option(text, value));
    return element;
  }

  function controls(table) {
    const rows = [...table.tBodies[0].rows];
    const libraries = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
    const search = document.createElement("input");
    search.type = "search";
    search.placeholder = "Search functions";
    search.setAttribute("aria-label", "Search functions");
    const library = select("Library", [["", "any library"], ...libraries.map((name, i) => [i + 1, name])]);
    const status = select("Status", Object.entries(STATUSES));
    const count = document.createElement("output");

    function update() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const name = row.cells[0].textContent.toLowerCase();
        const cells = library.value ? [row.cells[library.value]] : [...row.cells].slice(1);
        const fits =
          words.every((word) => name.includes(word)) &&
          (!status.value || cells.some((cell) => cell.classList.contains(status.value)));
        row.hidden = !fits;
        shown += fits;
      }
      count.textContent = shown + " of " + rows.length;
    }

    const form = document.createElement("form");
    form.className = "xpcaps-filter";
    form.setAttribute("role", "search");
    form.append(search, library, status, count);
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    update();
    return form;
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const table of document.querySelectorAll(".xpcaps-report table.xpcaps-functions")) {
      table.closest(".xpcaps-scroll").before(controls(table));
    }
  });
})();
