// The rows of a metric as a table that the server sorts and filters.

import { ask } from "./api.js";
import { h, replace } from "./dom.js";
import { addRows, grid, setRows } from "./grid.js";
import { address, measures, valueOf } from "./metrics.js";
import { empty, trouble } from "./parts.js";
import { cell, count } from "./words.js";

const PAGE = 50;
const TYPING = 300;

/** The columns that an answer to the question has. */
export function columnsOf(metric, state) {
  const held = metric.parameters
    .filter((parameter) => valueOf(state, parameter) !== "all")
    .map((p) => p.column);
  return metric.columns.filter(
    (column) => metric.select.includes(column.name) && !held.includes(column.name),
  );
}

/** A table: `node`, and `fill`, which reads its rows. Only rows are ever replaced, so that
 * no one is torn out of their typing. `asked` is called when the question was changed. */
export function metricTable(metric, state, query, asked) {
  const figures = measures(metric);
  const columns = columnsOf(metric, state).map((column) => ({
    title: column.name,
    hint: column.description,
    figure: figures.has(column.name),
    cell: (row) => cell(row[column.name], column.data_type, figures.has(column.name)),
    head: h(
      "button",
      { type: "button", class: "sort", on: { click: () => turn(column.name) } },
      column.name,
    ),
    filter: filterBox(column),
  }));
  const table = grid(metric.title, columns, []);
  const end = h("div", { class: "row", "aria-live": "polite" });
  let round = new AbortController();

  async function fill(signal) {
    round.abort();
    round = new AbortController();
    const now = AbortSignal.any([signal, round.signal]);
    showOrder();
    try {
      const answer = await ask(address(metric, query({ limit: PAGE })), { signal: now });
      const rows = await answer.json();
      if (now.aborted) return;
      setRows(table, columns, rows);
      showEnd(rows.length, answer, now);
    } catch (error) {
      if (now.aborted) return;
      setRows(table, columns, []);
      // What was typed does not fit the column: the error is shown, and the typing goes on.
      replace(
        end,
        error.status === 400
          ? h("p", { class: "bad-text", role: "alert" }, error.message)
          : trouble(error, () => fill(signal)),
      );
    }
  }

  function showEnd(known, answer, now) {
    const next = answer.headers.get("Link")?.match(/<([^>]+)>/)?.[1];
    if (!known)
      return replace(
        end,
        empty(
          "No rows",
          isFiltered()
            ? "No row passes the filters."
            : "There is nothing to count yet for this choice.",
        ),
      );
    const more = async () => {
      const { pathname, search } = new URL(next);
      const further = await ask(pathname + search, { signal: now });
      const rows = await further.json();
      addRows(table, columns, rows);
      showEnd(known + rows.length, further, now);
    };
    replace(
      end,
      h("span", { class: "quiet" }, `${count(known, "row")}${next ? ", and more" : ""}`),
      next && h("button", { type: "button", class: "small", on: { click: more } }, "Show more"),
    );
  }

  const isFiltered = () => Object.values(state.filters).some((text) => text.trim());

  const orderOf = (name) =>
    state.sort === name ? "ascending" : state.sort === `-${name}` ? "descending" : "none";

  function turn(name) {
    state.sort = { none: `-${name}`, descending: name, ascending: "" }[orderOf(name)];
    asked();
  }

  function showOrder() {
    table.querySelectorAll("thead th").forEach((head, at) => {
      const order = orderOf(columns[at].title);
      if (order === "none") head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", order);
    });
  }

  function filterBox(column) {
    let timer = 0;
    const isText = column.data_type === "text";
    return h("input", {
      type: "text",
      value: state.filters[column.name] ?? "",
      placeholder: isText ? "contains" : "=  >  <",
      "aria-label": `Filter ${column.name}`,
      title: isText ? "Part of the text" : "Such as 5, >=5 or <5",
      on: {
        input: (event) => {
          state.filters[column.name] = event.target.value;
          clearTimeout(timer);
          timer = setTimeout(asked, TYPING);
        },
      },
    });
  }

  return { node: h("div", { class: "stack" }, table, end), fill };
}
