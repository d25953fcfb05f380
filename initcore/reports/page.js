for (const table of document.querySelectorAll(".initcore table")) {
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  for (const row of rows) if (!row.className) heads.forEach((h, i) => { if (i && row.cells[i]) row.cells[i].dataset.of = h.textContent; });
  const tools = document.createElement("div"), box = document.createElement("input"), seen = document.createElement("output");
  tools.className = "tools"; box.type = "search"; box.placeholder = "Filter, e.g. attn or h.3.";
  box.setAttribute("aria-label", "Filter the rows"); tools.append(box, seen); table.parentNode.before(tools);
  let sorted = false;
  // A folded block stands for all of its numbers: h.3. finds h.*.
  const show = () => {
    const asked = box.value.trim().toLowerCase(), starred = asked.replace(/\d+/g, "*");
    let fold = null, found = 0;
    for (const row of rows) {
      if (row.className) { fold = row; fold.hidden = sorted || asked !== ""; continue; }
      const text = row.textContent.toLowerCase();
      row.hidden = !(text.includes(asked) || (starred !== asked && text.includes(starred)));
      found += !row.hidden;
      if (!row.hidden && fold && !sorted && row.cells[0].textContent.includes("*")) fold.hidden = false;
    }
    seen.textContent = asked ? found + " rows" : "";
  };
  box.addEventListener("input", show);
  heads.forEach((head, i) => {
    const button = document.createElement("button");
    button.append(...head.childNodes); head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort"), down = before === "ascending";
      heads.forEach(h => h.removeAttribute("aria-sort"));
      sorted = before !== "descending";
      const key = row => row.cells[i].textContent, number = row => parseFloat(key(row));
      const order = sorted ? rows.filter(r => !r.className).sort((a, b) => {
        const by = number(a) - number(b) || key(a).localeCompare(key(b), "en", { numeric: true });
        return down ? -by : by; }) : rows;
      if (sorted) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      body.append(...order); show();
    });
  });
}
