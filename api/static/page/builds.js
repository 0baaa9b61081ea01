// Builds: what each contained, how long it took, and what failed.

import { ask, json } from "./api.js";
import { h, replace } from "./dom.js";
import { failureCard, withoutWarnings, wordsOf } from "./failures.js";
import { grid } from "./grid.js";
import { ledger } from "./ledger.js";
import { live } from "./live.js";
import { empty, facts, notice, pill, show, tell } from "./parts.js";
import { count, duration, list, moment, number, since } from "./words.js";

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
      tell("A build is on its way.");
    } catch (error) {
      tell(error.message);
    }
    now.disabled = false;
  }

  const read = () => show(box, "Reading the builds …", table, signal);

  const table = ledger(
    {
      noun: "builds",
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
      tell("The build is being stopped.");
    } catch (error) {
      stop.disabled = false;
      tell(error.message);
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

const MENDED =
  "The numbers of the last good build stay until this is mended. Save the mended file, and it is built again by itself.";
const GOOD = ["success", "pass"];
const MIDDLING = ["warn", "skipped"];
const STEP = { title: "Step", wide: true, cell: (step) => h("code", {}, step.name) };
const RESULT = {
  title: "Result",
  cell: ({ status }) =>
    pill(GOOD.includes(status) ? "good" : MIDDLING.includes(status) ? "warn" : "bad", status),
};

const seconds = (build) => (Date.parse(build.finished_at) - Date.parse(build.started_at)) / 1000;

function status(build) {
  if (build.status === "failed") return pill("bad", "failed");
  if (build.status === "not_published") return pill("warn", "not published");
  return [pill("good", "published"), build.failures.length > 0 && [" ", pill("warn", "warning")]];
}

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

export function oneBuild(main, signal, buildId) {
  const box = h("div", { class: "stack" });
  replace(
    main,
    h("p", {}, h("a", { href: "#/builds" }, "All builds")),
    h("h1", {}, `Build ${buildId}`),
    box,
  );
  show(
    box,
    "Reading the build …",
    async () => whole(await json(`builds/${buildId}`, { signal })),
    signal,
  );
}

function whole(build) {
  const failed = withoutWarnings(build.failures);
  return [
    h(
      "div",
      { class: "card" },
      facts([
        ["State", status(build)],
        build.outcome && ["Outcome", build.outcome],
        ["Run by", build.run_by],
        ["When", [moment(build.finished_at), " (", since(build.finished_at), ")"]],
        [
          "Took",
          `${duration(seconds(build))}, of which the steps ${duration(build.steps.reduce((sum, step) => sum + step.seconds, 0))}`,
        ],
        [
          "Holds",
          build.sample_data
            ? "the sample"
            : [
                `all that counts up to `,
                h("a", { href: `#/loads/${build.last_load_id}` }, `load ${build.last_load_id}`),
              ],
        ],
        build.metrics.length > 0 && [
          "Published",
          build.metrics.map((name, at) => [
            at > 0 && ", ",
            h("a", { href: `#/metrics/${encodeURIComponent(name)}` }, name),
            build.rows[name] !== null && ` (${count(build.rows[name], "row")})`,
          ]),
        ],
        ...(build.project ? versionOf(build.project) : []),
      ]),
    ),
    build.failures.length > 0 &&
      h(
        "section",
        { class: "card stack" },
        h("h2", {}, failed.length ? `Why it failed` : "Warnings"),
        failed.length > 0 &&
          h("p", {}, MENDED),
        build.failures.map(failureCard),
      ),
    build.steps.length > 0 &&
      h("section", { class: "card stack" }, h("h2", {}, "Steps"), steps(build)),
  ];
}

function versionOf({ commit, author, committed_at: at, ...files }) {
  const names = (title, found) =>
    found.length > 0 && [
      title,
      found.map((file, place) => [place > 0 && ", ", h("code", {}, file)]),
    ];
  return [
    ["Commit", [h("code", {}, commit.slice(0, 10)), ` by ${author}, `, since(at)]],
    names("Changed since", files.changed_files),
    names("Not committed", files.uncommitted_files),
  ];
}

function steps(build) {
  const models = build.steps.filter((step) => !step.kind.endsWith("test"));
  const tests = build.steps.filter((step) => step.kind.endsWith("test"));
  const longest = Math.max(...models.map((step) => step.seconds), 0.001);
  const [good, bad] = [true, false].map((passed) =>
    tests.filter((step) => (step.status === "pass") === passed),
  );
  models.sort((a, b) => b.seconds - a.seconds);
  return [
    models.length > 0 &&
      grid(
        `Models of build ${build.build_id}, the longest first`,
        [
          STEP,
          RESULT,
          { title: "Took", figure: true, cell: (step) => duration(step.seconds) },
          {
            title: "Of the longest",
            cell: (step) =>
              h("meter", {
                min: 0,
                max: longest,
                value: step.seconds,
                "aria-label": `${duration(step.seconds)} of ${duration(longest)}`,
              }),
          },
        ],
        models,
        { stacked: true },
      ),
    bad.length > 0 && [h("h3", {}, "Tests that did not pass"), testsGrid(build, bad)],
    good.length > 0 &&
      h(
        "details",
        {},
        h("summary", {}, `${count(good.length, "test")} passed`),
        testsGrid(build, good),
      ),
  ];
}

const testsGrid = (build, tests) =>
  grid(
    `Tests of build ${build.build_id}: ${tests[0].status}`,
    [STEP, RESULT, { title: "Kind", cell: (step) => step.kind.replace("_", " ") }],
    tests,
    { stacked: true },
  );
