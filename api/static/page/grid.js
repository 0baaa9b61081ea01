// Tables: real ones, whose figures stand right, and which scroll in themselves where the screen is narrow.

import { h } from "./dom.js";

/** A table. A column has `title`, `cell(row)`, and perhaps `figure` (stands right), `head`
 * (nodes instead of the title), `sort` ("ascending", "descending", "none"), `hint`, `wide`
 * (may break lines), `filter` (a node for a second row of heads). */
export function grid(caption, columns, rows, { rowClass = () => "" } = {}) {
  const head = h("tr", {}, columns.map((column) =>
    h("th", { scope: "col", class: side(column), title: column.hint, "aria-sort": column.sort && column.sort !== "none" ? column.sort : null },
      column.head ?? column.title, column.note && h("span", { class: "note" }, column.note))));
  const filters = columns.some((column) => column.filter)
    && h("tr", { class: "filters" }, columns.map((column) => h("td", { class: side(column) }, column.filter)));
  const table = h("table", {},
    h("caption", { class: "unseen" }, caption),
    h("thead", {}, head, filters),
    h("tbody", {}, rows.map((row) => line(columns, row, rowClass))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
}

/** More rows at the end of a table that `grid` made. */
export function addRows(table, columns, rows) {
  table.querySelector("tbody").append(...rows.map((row) => line(columns, row, () => "")));
}

function line(columns, row, rowClass) {
  return h("tr", { class: rowClass(row) }, columns.map((column) => h("td", { class: side(column) }, column.cell(row))));
}

const side = (column) => [column.figure && "figure", column.wide && "wide"].filter(Boolean).join(" ");
