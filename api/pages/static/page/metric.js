// One metric: its chart or table, the question that is put to it, and how to take the answer along.

import { json } from "./api.js";
import { draw } from "./chart.js";
import { h, replace } from "./dom.js";
import { live } from "./live.js";
import { columnsOf, metricTable } from "./metric-table.js";
import { address, filterOf, valueOf } from "./metrics.js";
import { choice, copyable, field, pill, saveButton, trouble } from "./parts.js";
import { theme } from "./theme.js";
import { count, since } from "./words.js";

const FILES = { csv: "CSV", json: "JSON", parquet: "Parquet", svg: "SVG" };

/** A card that shows a metric until the signal. `state` is the question, as `stateOf` reads
 * it; `changed` is called with it. `update(metric)` takes another build's. */
export function metricCard(metric, state, signal, { changed = () => {}, heading = "h2" } = {}) {
  const hasChart = () => metric.formats.includes("vegalite");
  let round = new AbortController();
  let table = null;
  const title = h(heading, {});
  const about = h("p", { class: "about" });
  const fresh = h("p", { class: "quiet fresh" });
  const question = h("div", { class: "row" });
  const figure = h("div", { class: "figure-box" });
  const files = h("div", { class: "row files" });
  const curl = copyable("", "the command");
  const source = h("div", { class: "source" });
  const card = h(
    "article",
    { class: "card metric", "data-metric": metric.name },
    h("div", { class: "card-head" }, h("div", {}, title, fresh), question),
    about,
    figure,
    h(
      "div",
      { class: "card-foot" },
      files,
      h("details", {}, h("summary", {}, "Ask for it with curl"), curl.node),
      h("details", {}, h("summary", {}, "The SQL behind it"), source),
    ),
  );

  function query(more = {}) {
    const wanted = new URLSearchParams(state.parameters);
    for (const column of metric.columns) {
      const filter = filterOf(column, state.filters[column.name] ?? "");
      if (filter) wanted.append(...filter);
    }
    if (state.sort) wanted.set("sort", state.sort);
    for (const [name, value] of Object.entries(more)) wanted.set(name, value);
    return wanted;
  }

  function ground() {
    replace(
      title,
      heading === "h1"
        ? metric.title
        : h("a", { href: `#/metrics/${encodeURIComponent(metric.name)}` }, metric.title),
    );
    about.textContent = metric.description;
    fresh.replaceChildren(...freshness(metric.build));
    replace(
      question,
      metric.parameters.map(parameterChoice),
      hasChart() &&
        choice(
          "Show as",
          [
            ["chart", "Chart"],
            ["table", "Table"],
          ],
          state.view,
          (view) => {
            state.view = view;
            refresh();
          },
        ),
    );
    replace(
      files,
      Object.entries(FILES)
        .filter(([name]) => metric.formats.includes(name))
        .map(([name, text]) =>
          saveButton(
            text,
            () =>
              address(
                metric,
                query(name === "svg" ? { format: name, theme: theme() } : { format: name }),
              ),
            () => `${fileName()}.${name}`,
            `Download ${metric.title} as ${text}`,
          ),
        ),
    );
    replace(source, sourceOf(metric));
  }

  const fileName = () =>
    [
      metric.name,
      ...metric.parameters.map((p) => state.parameters[p.name] ?? p.default).filter(Boolean),
    ].join("-");

  function parameterChoice(parameter) {
    const chosen = valueOf(state, parameter);
    const act = (event) => {
      state.parameters[parameter.name] = event.target.value || "all";
      refresh();
    };
    const name = parameter.name[0].toUpperCase() + parameter.name.slice(1);
    if (!parameter.values) return field(name, h("input", { value: chosen, on: { change: act } }));
    const values = parameter.values.map(String);
    if (chosen !== "all" && !values.includes(chosen)) values.unshift(chosen);
    return field(
      name,
      h(
        "select",
        { on: { change: act } },
        values.reverse().map((value) => h("option", { value, selected: value === chosen }, value)),
        h("option", { value: "all", selected: chosen === "all" }, "all"),
      ),
    );
  }

  async function refresh() {
    round.abort();
    round = new AbortController();
    signal.addEventListener("abort", () => round.abort(), { signal: round.signal });
    changed(state);
    curl.code.textContent = `curl '${new URL(address(metric, query()), document.baseURI)}'`;
    const drawing = state.view === "chart" && hasChart();
    await (drawing ? showChart(round.signal) : showTable(round.signal));
  }

  async function showChart(now) {
    const wanted = query({ format: "vegalite", theme: theme() });
    try {
      const spec = await json(address(metric, wanted), { signal: now });
      if (now.aborted) return;
      const box = h("div", { class: "chart" });
      replace(figure, box);
      await draw(box, spec, now);
    } catch (error) {
      if (!now.aborted) replace(figure, trouble(error, refresh));
    }
  }

  async function showTable(now) {
    // The same columns stay as they are: someone may be typing into a filter.
    const key = JSON.stringify(columnsOf(metric, state));
    if (key !== table?.key || !table.node.isConnected) {
      table = { key, ...metricTable(metric, state, query, refresh) };
      replace(figure, table.node);
    }
    await table.fill(now);
  }

  ground();
  document.addEventListener("theme", () => state.view === "chart" && refresh(), { signal });
  refresh();
  return {
    node: card,
    update(another) {
      metric = another;
      ground();
      card.classList.remove("renewed");
      requestAnimationFrame(() => card.classList.add("renewed"));
      refresh();
    },
  };
}

/** A question from an address, such as `year=2021&view=table&sort=-hired`. */
export function stateOf(metric, text = "") {
  const given = new URLSearchParams(text);
  const parameters = {};
  for (const { name } of metric.parameters) if (given.has(name)) parameters[name] = given.get(name);
  const filters = {};
  for (const { name } of metric.columns)
    if (given.has(`filter.${name}`)) filters[name] = given.get(`filter.${name}`);
  const view =
    given.get("view") === "table" || !metric.formats.includes("vegalite") ? "table" : "chart";
  return { parameters, filters, sort: given.get("sort") ?? "", view };
}

export function textOf(state) {
  const text = new URLSearchParams(state.parameters);
  for (const [name, filter] of Object.entries(state.filters))
    if (filter) text.set(`filter.${name}`, filter);
  if (state.sort) text.set("sort", state.sort);
  if (state.view === "table") text.set("view", "table");
  return text.toString();
}

/** "3 loads, built 12 s ago". */
function freshness(build) {
  const { build: served } = live.status ?? {};
  const loads = served?.build_id === build.build_id ? served.loads : null;
  const from = build.sample_data
    ? "Sample data"
    : loads === null
      ? "Built"
      : `${count(loads, "load")}, built`;
  return [
    build.sample_data ? `${from}, built ` : `${from} `,
    since(build.finished_at),
    ` · build ${build.build_id}`,
  ];
}

function sourceOf(metric) {
  const passed = metric.tests.filter((test) => test.status === "pass").length;
  return [
    h("p", {}, h("code", {}, metric.file)),
    h("pre", { tabindex: "0", "aria-label": `SQL of ${metric.title}` }, h("code", {}, metric.sql)),
    h(
      "p",
      {},
      "Built from ",
      metric.upstream.map((node, at) => [
        at > 0 && ", ",
        h("code", { title: node.description }, node.name),
      ]),
      ".",
    ),
    metric.tests.length > 0 &&
      h(
        "details",
        {},
        h("summary", {}, `${passed} of ${count(metric.tests.length, "test")} passed in this build`),
        h(
          "ul",
          { class: "plain" },
          metric.tests.map((test) =>
            h(
              "li",
              {},
              pill(test.status === "pass" ? "good" : "warn", test.status),
              " ",
              h("code", {}, test.name),
              test.description && ` ${test.description}`,
            ),
          ),
        ),
      ),
  ];
}
