// What everybody has to know, on every page: made-up numbers, a failed build, a server that is away.

import { json } from "./api.js";
import { h, replace } from "./dom.js";
import { reasonsOf, withoutWarnings } from "./failures.js";
import { live } from "./live.js";
import { notice } from "./parts.js";
import { count, since } from "./words.js";

export function startBanners(box) {
  let latest = null;
  const show = async () => {
    const { status } = live;
    const own = (latest = {});
    const failed = lacksNumbers(status?.last_build) && (await failure(status));
    if (latest !== own) return;
    replace(
      box,
      !live.reached &&
        notice(
          "bad",
          "No connection to the server.",
          "What you see may be old. This page tries again by itself.",
        ),
      status &&
        status.builder === "away" &&
        notice(
          "warn",
          "No builder is running.",
          "What is uploaded is kept, but no number is built from it until one is started.",
        ),
      failed,
      status &&
        !failed &&
        status.complaints.length > 0 &&
        notice(
          "warn",
          "The project's YAML is broken.",
          "What it said before is in force. ",
          status.complaints[0],
        ),
      status?.build?.sample_data &&
        notice(
          "info",
          "These are sample numbers.",
          "They are made up, to show what it looks like. ",
          h("a", { href: "#/upload" }, "Upload your departments, jobs and hires"),
          " and they are gone.",
        ),
    );
  };
  live.on("status", show);
  live.on("reach", show);
  document.addEventListener("key", show);
}

const lacksNumbers = (last) => last && last.status !== "published";

async function failure({ build, last_build: last }) {
  const why = await reasonsFor(last);
  const shown = build
    ? [
        "What is shown are the numbers of build ",
        String(build.build_id),
        ", ",
        since(build.finished_at),
        ".",
      ]
    : ["There are no numbers to show yet."];
  return notice(
    "bad",
    last.status === "failed" ? "The last build failed." : "The last build was not published.",
    h("p", {}, shown),
    last.status === "not_published" && h("p", {}, last.outcome),
    why,
    h("a", { href: `#/builds/${last.build_id}` }, "See what failed"),
  );
}

/** Why, as far as the reader may know it: the whole of it needs a key where keys are set. */
async function reasonsFor(last) {
  try {
    const build = await json(`builds/${last.build_id}`, { quiet: true });
    const failures = withoutWarnings(build.failures);
    return [
      reasonsOf(failures.slice(0, 3)),
      failures.length > 3 && h("p", {}, `And ${count(failures.length - 3, "more failure")}.`),
    ];
  } catch {
    return reasonsOf(last.failures.slice(0, 3));
  }
}
