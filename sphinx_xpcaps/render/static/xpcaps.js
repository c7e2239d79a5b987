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

/* A button that copies a program, unless an extension adds one to every block of code. */
document.addEventListener("DOMContentLoaded", () => {
  "use strict";

  if (document.querySelector('script[src*="copybutton"]')) return;
  document.querySelectorAll(".xpcaps-program").forEach((program) => {
    const words = JSON.parse(program.dataset.words);
    const code = program.querySelector("pre");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "xpcaps-copy";
    button.textContent = words.copy;
    button.addEventListener("click", async () => {
      window.getSelection().selectAllChildren(code);
      if (navigator.clipboard) await navigator.clipboard.writeText(code.textContent);
      else document.execCommand("copy"); // pages without encryption
      button.textContent = words.copied;
    });
    program.append(button);
  });
});

/* The report: views, search, filters and order, kept in the address. Without this script, the whole
   tables are shown. */
(function () {
  "use strict";

  function select(label, choices) {
    const element = document.createElement("select");
    element.setAttribute("aria-label", label);
    for (const [value, text] of choices) element.add(new Option(text, value));
    return element;
  }

  function viewOf(cell) {
    const name = [...cell.classList].find((each) => each.startsWith("xpcaps-view-"));
    return name ? name.slice("xpcaps-view-".length) : "";
  }

  function statusOf(cell) {
    return statuses.findIndex((status) => cell.classList.contains("xpcaps-" + status));
  }

  const statuses = [
    "supported",
    "partial",
    "unsupported",
    "conflict",
    "not-measured",
    "not-applicable",
  ];

  function start(report) {
    const table = report.querySelector("table.xpcaps-functions");
    if (!table) return;
    const words = JSON.parse(report.dataset.words);
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    // What each row contains is read once, so that filters need not read the page again.
    const rows = [...body.rows].map((row) => ({
      row,
      name: row.cells[0].textContent.trim().toLowerCase(),
      cells: [...row.cells].map((cell) => ({
        status: statusOf(cell),
        note: (cell.querySelector(".xpcaps-note") || {}).textContent || "",
      })),
    }));
    const columns = heads.map((head) => ({
      view: viewOf(head),
      library: head.querySelector("p").textContent.trim(),
    }));
    const unique = (values) => [...new Set(values)].filter(Boolean);
    const views = unique(columns.map((column) => column.view));
    const viewWords = Object.fromEntries(
      heads.map((head, i) => [columns[i].view, (head.querySelector(".xpcaps-aside") || {}).textContent])
    );
    const notes = unique(rows.flatMap(({ cells }) => cells.flatMap(({ note }) => note.split("; "))));
    const same = (values) => values.map((value) => [value, value]);
    const controls = {
      q: document.createElement("input"),
      view: select(words.view, [
        ["", words.allViews],
        ...views.map((view) => [view, viewWords[view]]),
      ]),
      library: select(words.library, [
        ["", words.anyLibrary],
        ...same(unique(columns.slice(1).map((column) => column.library))),
      ]),
      status: select(words.status, [
        ["", words.anyStatus],
        ...statuses.map((status) => [status, words[status]]),
      ]),
      note: select(words.note, [["", words.anyNote], ...same(notes.sort())]),
    };
    controls.q.type = "search";
    controls.q.placeholder = words.search;
    controls.q.setAttribute("aria-label", words.search);
    const count = document.createElement("output");
    count.setAttribute("role", "status");
    let order = { column: 0, descending: false };
    // Large tables take long to lay out, so rows are shown in steps, as the reader scrolls.
    const step = 200;
    let limit = step;
    const more = document.createElement("button");
    more.type = "button";
    more.className = "xpcaps-more";
    more.textContent = words.more;

    function filter() {
      limit = step;
      update();
    }

    function update() {
      const wanted = controls.q.value.toLowerCase().split(/\s+/).filter(Boolean);
      const view = controls.view.value;
      const shown = columns.map(
        (column, i) =>
          i > 0 &&
          (!view || column.view === view) &&
          (!controls.library.value || column.library === controls.library.value)
      );
      const status = statuses.indexOf(controls.status.value);
      const note = controls.note.value;
      let found = 0;
      for (const { row, name, cells } of rows) {
        const fits =
          wanted.every((word) => name.includes(word)) &&
          ((status < 0 && !note) ||
            cells.some(
              (cell, i) =>
                shown[i] &&
                (status < 0 || cell.status === status) &&
                (!note || cell.note.split("; ").includes(note))
            ));
        found += fits;
        const visible = fits && found <= limit;
        if (row.hidden === visible) row.hidden = !visible;
      }
      more.hidden = found <= limit;
      count.textContent = found
        ? words.count.replace("{shown}", found).replace("{total}", rows.length)
        : words.nothing;
      if (view) report.dataset.view = view;
      else delete report.dataset.view;
      const rule = view
        ? `.xpcaps-report [class*="xpcaps-view-"]:not(.xpcaps-view-${CSS.escape(view)}) { display: none; }`
        : "";
      if (style.textContent !== rule) style.textContent = rule;
      const state = new URLSearchParams();
      for (const [name, control] of Object.entries(controls))
        if (control.value) state.set(name, control.value);
      if (order.column || order.descending)
        state.set("sort", (order.descending ? "-" : "") + order.column);
      const hash = state.toString();
      if (hash !== location.hash.slice(1))
        history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
    }

    function sort() {
      const { column, descending } = order;
      const compare = (a, b) =>
        (column ? a.cells[column].status - b.cells[column].status : 0) ||
        (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
      const before = rows.slice();
      rows.sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
      // Moving rows is slow, and the page has them in the usual order.
      if (rows.some((each, i) => each !== before[i])) body.append(...rows.map(({ row }) => row));
      heads.forEach((head, i) => {
        if (i === column) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
    }

    function restore() {
      const state = new URLSearchParams(location.hash.slice(1));
      for (const [name, control] of Object.entries(controls)) {
        control.value = state.get(name) || "";
        if (control.selectedIndex === -1) control.value = "";
      }
      const column = Math.abs(parseInt(state.get("sort"), 10)) || 0;
      const descending = (state.get("sort") || "").startsWith("-");
      order = { column: column < heads.length ? column : 0, descending };
      sort();
      filter();
    }

    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "xpcaps-sort";
      button.title = words.sort;
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        order = { column, descending: order.column === column && !order.descending };
        sort();
        filter();
      });
    });
    const style = document.createElement("style");
    document.head.append(style);
    const form = document.createElement("form");
    form.className = "xpcaps-filter";
    form.setAttribute("role", "search");
    form.append(...Object.values(controls), count);
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    report.querySelector(".xpcaps-scroll").before(form);
    const frame = table.closest(".xpcaps-scroll");
    frame.append(more);
    for (const { row } of rows.slice(step)) {
      row.hidden = true;
      row.classList.remove("xpcaps-later");
    }
    more.addEventListener("click", () => {
      limit += step;
      update();
    });
    window.addEventListener("beforeprint", () => {
      limit = rows.length;
      update();
    });
    new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) more.click();
    }, { root: frame, rootMargin: "400px" }).observe(more);
    window.addEventListener("hashchange", restore);
    restore();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".xpcaps-report").forEach(start);
  });
})();
