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
