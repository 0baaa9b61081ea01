// Tables: real ones, whose figures stand right, and which scroll in themselves where the screen is narrow.

import { h } from "./dom.js";

/** A table. A column has `title`, `cell(row)`, and perhaps `figure` (stands right), `head`
 * (nodes instead of the title), `hint`, `wide` (may break lines), `filter` (a node for a
 * second row of heads). On a narrow screen the rows of a `stacked` one become blocks of
 * names and values. */
export function grid(caption, columns, rows, { rowClass = () => "", stacked = false } = {}) {
  const head = h(
    "tr",
    { role: "row" },
    columns.map((column) =>
      h(
        "th",
        { scope: "col", role: "columnheader", class: side(column), title: column.hint },
        column.head ?? column.title,
        column.note && h("span", { class: "note" }, column.note),
      ),
    ),
  );
  const filters =
    columns.some((column) => column.filter) &&
    h(
      "tr",
      { class: "filters", role: "row" },
      columns.map((column) => h("td", { role: "cell", class: side(column) }, column.filter)),
    );
  // The roles are those of the elements; a browser forgets them where rows become blocks.
  const table = h(
    "table",
    { role: "table", class: stacked ? "stacked" : "" },
    h("caption", { class: "unseen" }, caption),
    h("thead", { role: "rowgroup" }, head, filters),
    h(
      "tbody",
      { role: "rowgroup" },
      rows.map((row) => line(columns, row, rowClass)),
    ),
  );
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
}

/** Other rows in a table that `grid` made. */
export function setRows(table, columns, rows) {
  table.querySelector("tbody").replaceChildren(...rows.map((row) => line(columns, row, () => "")));
}

/** More rows at the end of a table that `grid` made. */
export function addRows(table, columns, rows) {
  table.querySelector("tbody").append(...rows.map((row) => line(columns, row, () => "")));
}

function line(columns, row, rowClass) {
  return h(
    "tr",
    { role: "row", class: rowClass(row) },
    columns.map((column) =>
      h("td", { role: "cell", class: side(column), "data-title": column.title }, column.cell(row)),
    ),
  );
}

const side = (column) =>
  [column.figure && "figure", column.wide && "wide"].filter(Boolean).join(" ");
