// Why a build failed, in words, with the rows that show it.

import { h } from "./dom.js";
import { grid } from "./grid.js";
import { pill } from "./parts.js";
import { cell, count } from "./words.js";

const KINDS = {
  model: "model",
  test: "test",
  unit_test: "unit test",
  seed: "seed",
  project: "project",
  dbt: "project",
  timeout: "timeout",
};

/** Where it stands, such as "dbt_project/models/marts/x.sql, line 12". */
const place = (failure) =>
  failure.file &&
  h("code", {}, failure.line ? `${failure.file}, line ${failure.line}` : failure.file);

export const wordsOf = (failure) => failure.words || failure.message || `${failure.name} failed.`;

/** What kept a build from being published: a warning never does. */
export const withoutWarnings = (failures) => failures.filter(({ status }) => status !== "warn");

/** A short list, a sentence each. */
export const reasonsOf = (failures) =>
  h(
    "ul",
    { class: "plain" },
    failures.map((failure) => h("li", {}, wordsOf(failure), " ", place(failure))),
  );

/** All there is to know of a failure. */
export function failureCard(failure) {
  const isWarning = failure.status === "warn";
  const names = [...new Set(failure.sample.flatMap(Object.keys))];
  const columns = names.map((name) => ({
    title: name,
    figure: typeof failure.sample[0][name] === "number",
    cell: (row) => cell(row[name], "text", false),
  }));
  const more =
    failure.rows > failure.sample.length
      ? `${failure.sample.length} of ${count(failure.rows, "row")}`
      : "The rows";
  return h(
    "article",
    { class: `failure ${isWarning ? "warn" : "bad"}` },
    h(
      "p",
      {},
      pill(isWarning ? "warn" : "bad", isWarning ? "warning" : "failed"),
      " ",
      h("strong", {}, wordsOf(failure)),
    ),
    h(
      "p",
      { class: "quiet" },
      `${KINDS[failure.kind] ?? failure.kind} `,
      failure.name !== failure.kind && h("code", {}, failure.name),
      failure.file && " in ",
      place(failure),
    ),
    names.length > 0 && [
      h("p", {}, `${more} that it complains of:`),
      grid(`Rows that ${failure.name} complains of`, columns, failure.sample),
    ],
    failure.message &&
      failure.message !== failure.words &&
      h(
        "details",
        { open: names.length === 0 && !isWarning },
        h("summary", {}, "What dbt says"),
        h("pre", { tabindex: "0", "aria-label": "What dbt says" }, failure.message),
      ),
  );
}
