"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Tabs, after the WAI-ARIA pattern; the open one is in the address, so that a view can be sent.
  const tabs = all('[role="tab"]');
  const open = (tab) => {
    for (const other of tabs) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    }
    if (tab.id === "tab-overview") draw();
  };
  const address = (tab) => tab.id.replace("tab-", "#");
  const named = () => tabs.find((tab) => address(tab) === location.hash);
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => {
      history.replaceState(null, "", address(tab));
      open(tab);
    });
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(i + step + tabs.length) % tabs.length];
      next.focus();
      next.click();
    });
  });
  addEventListener("hashchange", () => named() && open(named()));

  // Long lists show their first rows; a search looks through all of them.
  const limit = (list) => {
    const rows = all("tbody > tr, :scope > li", list);
    const field = list.querySelector('input[type="search"]');
    const more = list.querySelector(".more");
    const shown = list.querySelector(".shown");
    const step = Number(list.dataset.step);
    let most = step;
    const refresh = () => {
      const wanted = field ? field.value.trim().toLocaleLowerCase() : "";
      const matches = all("tbody > tr, :scope > li", list).filter((row) =>
        (row.cells ? row.cells[0] : row).textContent.toLocaleLowerCase().includes(wanted));
      const kept = new Set(matches.slice(0, most));
      for (const row of rows) row.hidden = !kept.has(row);
      if (shown) shown.textContent = `Showing ${kept.size.toLocaleString("en")} of ${matches.length.toLocaleString("en")}`;
      if (more) more.hidden = kept.size === matches.length;
    };
    if (field) field.addEventListener("input", () => { most = step; refresh(); });
    if (more) more.addEventListener("click", () => { most += step; refresh(); });
    list.addEventListener("sorted", refresh);
    refresh();
  };
  all("[data-step]").forEach(limit);

  // Of several relations tables one is shown at a time.
  const choice = document.getElementById("groups-by");
  const choose = () => all(".relations").forEach((table, i) => { table.hidden = i !== choice.selectedIndex; });
  if (choice) {
    choice.addEventListener("change", choose);
    choose();
  }

  // Columns sort by their numbers where they have them, else by their text.
  const key = (row, column) => {
    const cell = row.cells[column];
    return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim();
  };
  const compare = (a, b) => {
    if (typeof a === "string") return a.localeCompare(b, "en", { numeric: true });
    return Number.isNaN(a) - Number.isNaN(b) || a - b;
  };
  for (const button of all("button.sort")) {
    button.addEventListener("click", () => {
      const header = button.closest("th");
      const falling = header.getAttribute("aria-sort") === "descending"
        || (!header.hasAttribute("aria-sort") && !header.classList.contains("number"));
      for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", falling ? "ascending" : "descending");
      const body = header.closest("table").tBodies[0];
      const rows = [...body.rows].sort((a, b) =>
        (falling ? 1 : -1) * compare(key(a, header.cellIndex), key(b, header.cellIndex)));
      body.append(...rows);
      body.dispatchEvent(new Event("sorted", { bubbles: true }));
    });
  }

  let drawn = false;
  function draw() {
    if (drawn || !window.Plotly) return;
    drawn = true;
    const figures = JSON.parse(document.getElementById("figures").textContent);
    all(".chart").forEach((place, i) => {
      Plotly.newPlot(place, figures[i].data, figures[i].layout, { displayModeBar: false, responsive: true });
    });
  }

  open(named() || tabs[0]);
})();
