"use strict";
// Search, filter and sort the table of students. Without this script all of it stands there, by name.
{
  const table = document.querySelector("table.students");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...body.rows].map((row, at) => ({ row, at, text: row.textContent.toLowerCase() }));

  const make = (tag, values, ...parts) => {
    const element = Object.assign(document.createElement(tag), values);
    element.append(...parts);
    return element;
  };
  const choice = (name, options) => make("label", {}, name, " ",
    make("select", { name }, ...options.map(([value, text]) => make("option", { value }, text))));

  const search = make("label", {}, "Search ", make("input", { type: "search", autocomplete: "off" }));
  const statuses = [...new Map(rows.map(({ row }) => [row.dataset.status, row.cells[1].textContent.trim()]))];
  const questions = heads.flatMap((head, at) => head.dataset.possible ? [[`below ${at}`, `Points lost: ${head.dataset.name}`]] : []);
  const filter = choice("Show", [["", "All"], ...statuses.map(([value, text]) => [`is ${value}`, text]), ...questions]);
  const orders = heads.flatMap((head, at) => at === 1 ? [] : [[`${at} up`, `${head.dataset.name} ↑`], [`${at} down`, `${head.dataset.name} ↓`]]);
  const order = choice("Sort by", orders);
  const shown = make("p", { role: "status" });
  table.closest("section").querySelector(".scroll").before(make("div", { className: "tools" }, search, filter, order, shown));

  const value = (row, at) => Number.parseFloat(row.cells[at].textContent);
  const control = label => label.lastElementChild;

  const show = () => {
    const words = control(search).value.toLowerCase().split(/\s+/).filter(Boolean);
    const [kind, wanted] = control(filter).value.split(" ");
    let count = 0;
    for (const { row, text } of rows) {
      const fits = kind === "is" ? row.dataset.status === wanted
        : kind === "below" ? value(row, wanted) < Number(heads[wanted].dataset.possible) : true;
      row.hidden = !(fits && words.every(word => text.includes(word)));
      count += !row.hidden;
    }
    shown.textContent = `${count} of ${rows.length}`;
  };

  const sort = () => {
    const [at, direction] = control(order).value.split(" ");
    const sign = direction === "up" ? 1 : -1;
    const keys = new Map(rows.map(({ row, at: place }) => [row, at === "0" ? place : value(row, at)]));
    // Who has no number stands below all others, whatever the direction.
    rows.sort((one, other) => {
      const [mine, theirs] = [keys.get(one.row), keys.get(other.row)];
      return Number.isNaN(mine) - Number.isNaN(theirs) || sign * (mine - theirs) || one.at - other.at;
    });
    body.append(...rows.map(({ row }) => row));
    heads.forEach((head, place) => {
      if (place === Number(at)) head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
  };

  heads.forEach((head, at) => {
    if (at === 1) return;
    const button = make("button", { type: "button" }, ...head.childNodes);
    button.addEventListener("click", () => {
      const usual = at === 0 ? "up" : "down";
      const other = usual === "up" ? "down" : "up";
      control(order).value = `${at} ${control(order).value === `${at} ${usual}` ? other : usual}`;
      sort();
    });
    head.append(button);
  });
  search.addEventListener("input", show);
  filter.addEventListener("change", show);
  order.addEventListener("change", sort);
  // On paper nothing says that the table was searched.
  window.addEventListener("beforeprint", () => rows.forEach(({ row }) => { row.hidden = false; }));
  window.addEventListener("afterprint", show);
  show();
}
