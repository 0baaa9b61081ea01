// All metrics, or one by itself; both follow new builds.

import { h, replace, say } from "./dom.js";
import { live } from "./live.js";
import { metricCard, stateOf, textOf } from "./metric.js";
import { catalogue } from "./metrics.js";
import { empty, trouble, waiting } from "./parts.js";

export function overview(main, signal) {
  const cards = new Map();
  const board = h("div", { class: "board" });
  replace(main, h("h1", { class: "unseen" }, "Overview"), board);
  follow(board, signal, (metrics) => {
    for (const [name, card] of cards) {
      if (!metrics.some((metric) => metric.name === name)) {
        card.node.remove();
        cards.delete(name);
      }
    }
    for (const metric of metrics) {
      const card = cards.get(metric.name);
      if (card) card.update(metric);
      else cards.set(metric.name, metricCard(metric, stateOf(metric), signal));
      board.append(cards.get(metric.name).node);
    }
    if (!metrics.length)
      replace(
        board,
        empty(
          "No metrics",
          "The dbt project declares none that is served. docs/analysts.md says how to add one.",
        ),
      );
  });
}

export function oneMetric(main, signal, name, text) {
  let card = null;
  const board = h("div", {});
  replace(main, board);
  const changed = (state) => {
    const wanted = textOf(state);
    history.replaceState(
      null,
      "",
      `#/metrics/${encodeURIComponent(name)}${wanted ? `?${wanted}` : ""}`,
    );
  };
  follow(board, signal, (metrics) => {
    const metric = metrics.find((metric) => metric.name === name);
    if (!metric) {
      card = null;
      replace(
        board,
        h("h1", {}, "There is no such metric"),
        empty(
          "It may have been renamed or taken out",
          h("a", { href: "#/" }, "See those that there are."),
        ),
      );
    } else if (card) card.update(metric);
    else {
      card = metricCard(metric, stateOf(metric, text), signal, { changed, heading: "h1" });
      replace(board, card.node);
    }
  });
}

/** Read the catalogue, and again whenever another build is served. */
function follow(board, signal, take) {
  let first = true;
  let round = new AbortController();
  const read = async () => {
    // The last to be asked for is the newest, whichever arrives first.
    round.abort();
    round = new AbortController();
    const now = AbortSignal.any([signal, round.signal]);
    try {
      const metrics = await catalogue({ signal: now });
      if (now.aborted) return;
      if (first) replace(board);
      else say(`New numbers, of build ${metrics[0]?.build.build_id}.`);
      first = false;
      take(metrics);
    } catch (error) {
      if (now.aborted || !first) return;
      replace(
        board,
        error.code === "not_ready"
          ? waiting("The first build is under way; the numbers appear by themselves.")
          : trouble(error, read),
      );
    }
  };
  replace(board, waiting("Reading the metrics …"));
  const served = (status) => [status?.build?.build_id, status?.build?.finished_at].join();
  live.onChange(served, read, signal);
  live.on("reach", () => live.reached && first && read(), signal);
  read();
}
