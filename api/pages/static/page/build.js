// One build: its version, its steps, and what failed.

import { json } from "./api.js";
import { h, replace } from "./dom.js";
import { failureCard, withoutWarnings } from "./failures.js";
import { grid } from "./grid.js";
import { facts, pill, show } from "./parts.js";
import { count, duration, moment, since } from "./words.js";

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

export const seconds = (build) => (Date.parse(build.finished_at) - Date.parse(build.started_at)) / 1000;

export function status(build) {
  if (build.status === "failed") return pill("bad", "failed");
  if (build.status === "not_published") return pill("warn", "not published");
  return [pill("good", "published"), build.failures.length > 0 && [" ", pill("warn", "warning")]];
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
