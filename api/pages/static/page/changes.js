// Which numbers a load has changed: all metrics before and after, row by row.

import { ask } from "./api.js";
import { h } from "./dom.js";
import { grid } from "./grid.js";
import { address, catalogue, measures } from "./metrics.js";
import { cell, count, number } from "./words.js";

// Of larger metrics only the build is shown, not the rows.
const MOST_ROWS = 20_000;
const SHOWN = 12;

/** All rows of all metrics as they are served: by name, `{ metric, rows, build }`. */
export async function numbers() {
  const found = new Map();
  for (const metric of await catalogue()) {
    const whole = new URLSearchParams(
      metric.parameters.map((parameter) => [parameter.name, "all"]),
    );
    whole.set("limit", MOST_ROWS);
    const answer = await ask(address(metric, whole));
    const rows = answer.headers.has("Link") ? null : await answer.json();
    found.set(metric.name, {
      metric,
      rows,
      build: Number(answer.headers.get("Build-Id")),
      sample: answer.headers.get("Sample-Data") === "true",
    });
  }
  return found;
}

/** What differs between two `numbers`, as nodes. */
export function changes(before, after) {
  const [now] = after.values();
  const [{ sample } = {}] = before.values();
  const isFirst = sample && now && !now.sample;
  const shown = [...after.values()].map((now) =>
    one(isFirst ? { rows: [] } : before.get(now.metric.name), now),
  );
  return h(
    "section",
    { class: "card changes" },
    h("h2", {}, "What changed"),
    isFirst && h("p", {}, "The sample is gone: from here on the numbers are yours."),
    shown.length > 0 ? shown : h("p", {}, "No metric is served yet."),
  );
}

function one(before, { metric, rows, build }) {
  const title = h(
    "h3",
    {},
    h("a", { href: `#/metrics/${encodeURIComponent(metric.name)}` }, metric.title),
  );
  if (!before) return [title, h("p", {}, "It is served for the first time.")];
  if (!rows || !before.rows)
    return [
      title,
      h("p", {}, `It has too many rows to compare here; build ${build} has the new ones.`),
    ];
  const figures = [...measures(metric)].filter((name) => metric.select.includes(name));
  const names = metric.select.filter((name) => !figures.includes(name));
  const found = differences(before.rows, rows, names, figures);
  if (!found.length) return [title, h("p", { class: "quiet" }, "No number changed.")];
  const types = new Map(metric.columns.map((column) => [column.name, column]));
  const columns = [
    ...names.map((name) => ({
      title: name,
      cell: ({ row }) => cell(row[name], types.get(name).data_type, false),
    })),
    ...figures.map((name) => ({
      title: name,
      figure: true,
      cell: (change) => moved(change, name, types.get(name)),
    })),
  ];
  found.sort((a, b) => weight(b, figures) - weight(a, figures));
  return [
    title,
    h("p", {}, summary(found)),
    grid(`Changes of ${metric.title}`, columns, found.slice(0, SHOWN), {
      rowClass: (change) => change.kind,
    }),
    found.length > SHOWN &&
      h("p", { class: "quiet" }, `The ${SHOWN} largest of ${count(found.length, "change")}.`),
  ];
}

function differences(before, after, names, figures) {
  const key = (row) => JSON.stringify(names.map((name) => row[name]));
  const old = new Map(before.map((row) => [key(row), row]));
  const found = [];
  for (const row of after) {
    const was = old.get(key(row));
    old.delete(key(row));
    if (!was) found.push({ kind: "came", row, was: {}, now: row });
    else if (figures.some((name) => was[name] !== row[name]))
      found.push({ kind: "moved", row, was, now: row });
  }
  for (const row of old.values()) found.push({ kind: "went", row, was: row, now: {} });
  return found;
}

const weight = ({ was, now }, figures) =>
  figures.reduce((sum, name) => sum + Math.abs((now[name] ?? 0) - (was[name] ?? 0)), 0);

function summary(found) {
  const parts = [
    ["moved", "changed"],
    ["came", "new"],
    ["went", "gone"],
  ]
    .map(([kind, word]) => [found.filter((change) => change.kind === kind).length, word])
    .filter(([n]) => n)
    .map(([n, word], at) => `${at ? number(n) : count(n, "row")} ${word}`);
  return `${parts.join(", ")}.`;
}

function moved({ was, now, kind }, name, column) {
  const show = (value) => cell(value, column.data_type, true);
  if (kind === "came") return h("ins", {}, show(now[name]));
  if (kind === "went") return h("del", {}, show(was[name]));
  if (was[name] === now[name]) return show(now[name]);
  return [
    h("del", {}, show(was[name])),
    h("span", { class: "unseen" }, " became "),
    " ",
    h("ins", {}, show(now[name])),
  ];
}
