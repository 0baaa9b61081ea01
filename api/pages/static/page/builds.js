// Builds: what each contained, how long it took, and what failed.

import { ask } from "./api.js";
import { seconds, status } from "./build.js";
import { h, replace } from "./dom.js";
import { wordsOf } from "./failures.js";
import { ledger } from "./ledger.js";
import { live } from "./live.js";
import { empty, notice, show, toast } from "./parts.js";
import { duration, list, number, since } from "./words.js";

const PAGE = 30;

export function builds(main, signal) {
  const box = h("div", {});
  const under = h("div", {});
  const now = h("button", { type: "button", on: { click: buildNow } }, "Build now");
  replace(
    main,
    h("div", { class: "row spread" }, h("h1", {}, "Builds"), now),
    h(
      "p",
      { class: "lead" },
      "Each build runs the models and every test. Only one that passes is published; the numbers of before stay until then.",
    ),
    under,
    box,
  );

  const work = () => replace(under, live.status?.building && atWork(live.status.building));
  live.onChange((status) => JSON.stringify(status?.building), work, signal);
  work();

  async function buildNow() {
    now.disabled = true;
    try {
      await ask("builds", { method: "POST", headers: { Prefer: "respond-async" } });
      toast("A build is on its way.");
    } catch (error) {
      toast(error.message);
    }
    now.disabled = false;
  }

  const read = () => show(box, "Reading the builds …", table, signal);

  const table = ledger(
    {
      collection: "builds",
      id: "build_id",
      page: PAGE,
      columns: COLUMNS,
      rowsOf: contents,
      nothing: empty("No build yet", "The first one begins by itself."),
    },
    signal,
  );

  live.onChange((status) => status?.last_build?.build_id, read, signal);
  document.addEventListener("key", read, { signal });
  read();
}

/** The build under way, which anybody who may write may stop. */
function atWork({ step, kind, since: began, started_at: started }) {
  const stop = h("button", { type: "button", on: { click: stopIt } }, "Stop this build");
  async function stopIt() {
    stop.disabled = true;
    try {
      await ask("builds/current", { method: "DELETE" });
      toast("The build is being stopped.");
    } catch (error) {
      stop.disabled = false;
      toast(error.message);
    }
  }
  const at = [`It is at the ${kind.replace("_", " ")} `, h("code", {}, step), ", begun "];
  const times = [since(began), "; the build began ", since(started), "."];
  return notice("info", "A build is under way.", h("p", {}, at, times), stop);
}

const COLUMNS = [
  {
    title: "Build",
    figure: true,
    cell: (build) => h("a", { href: `#/builds/${build.build_id}` }, String(build.build_id)),
  },
  { title: "State", cell: status },
  { title: "When", cell: (build) => since(build.finished_at) },
  { title: "Took", figure: true, cell: (build) => duration(seconds(build)) },
  { title: "New in it", cell: (build) => build.fresh },
  {
    title: "What happened",
    wide: true,
    cell: (build) =>
      build.failures.length
        ? wordsOf(build.failures[0]) +
          (build.failures.length > 1 ? ` And ${number(build.failures.length - 1)} more.` : "")
        : h("span", { class: "quiet" }, list(build.metrics)),
  },
];

/** Each build with what is new in it against the one that was published before. */
function contents(found) {
  return found.map((build, at) => {
    const before = found.slice(at + 1).find((other) => other.status === "published");
    return {
      ...build,
      fresh: fresh(
        build,
        before?.last_load_id ??
          (at === found.length - 1 && build.build_id > 1 ? build.last_load_id : 0),
      ),
    };
  });
}

function fresh(build, before) {
  if (build.sample_data) return "sample data";
  if (build.last_load_id <= before) return h("span", { class: "quiet" }, "no new load");
  const first = before + 1;
  const link = (id) => h("a", { href: `#/loads/${id}` }, String(id));
  return first === build.last_load_id
    ? ["load ", link(first)]
    : ["loads ", link(first), " to ", link(build.last_load_id)];
}
