// The progress of a file, why it was rejected, what became of it.

import { h } from "./dom.js";
import { reasonsOf, withoutWarnings } from "./failures.js";
import { notice, pill, toast } from "./parts.js";
import { errorsGrid, reasons, rejectsButton, rejectsGrid } from "./rejects.js";
import { undo } from "./send.js";
import { count } from "./words.js";

const STEPS = ["Sending", "Checking", "Building"];

/** The steps of a file on its way; `sent(part)` and `at(step)` move it on. */
export function progress() {
  const bar = h("progress", { max: 1, "aria-label": "Progress" });
  const text = h("p", { class: "quiet" });
  const steps = STEPS.map((step) => h("li", {}, step));
  const at = (place, more = "") => {
    steps.forEach((step, n) => {
      step.className = n < place ? "past" : n === place ? "now" : "";
    });
    text.textContent = `${["Sending", "Checking and storing the rows", "Stored. Building and testing the numbers"][place]} ${more || "…"}`;
  };
  const sent = (part) => {
    if (part < 1) {
      bar.value = part;
      at(0, `${Math.floor(part * 100)} %`);
    } else {
      bar.removeAttribute("value");
      at(1);
    }
  };
  sent(0);
  return {
    node: h("div", { class: "stack" }, h("ol", { class: "steps" }, steps), bar, text),
    at,
    sent,
  };
}

/** Why a file cannot be loaded. */
export function refused(problem) {
  return [
    notice("bad", problem.body.title || "Refused", h("p", {}, problem.message)),
    problem.errors.length > 0 && errorsGrid("Why it was refused", problem.errors.slice(0, 20)),
  ];
}

/** What became of a file: loaded, rejected, built. */
export function result(load, rejects) {
  const { build } = load;
  const name = h("a", { href: `#/loads/${load.load_id}` }, `load ${load.load_id}`);
  const rows = load.already_loaded
    ? notice(
        "info",
        "Loaded before",
        h("p", {}, "This very file is ", name, " already. No row was counted twice."),
      )
    : notice(
        "good",
        `${count(load.loaded, "row")} loaded`,
        h(
          "p",
          {},
          "As ",
          name,
          load.rejected > 0 ? `; ${count(load.rejected, "row")} rejected.` : "; none rejected.",
        ),
      );
  return [
    rows,
    build.status === "failed" &&
      notice(
        "bad",
        "The numbers were not built",
        h("p", {}, "The rows are safe; the numbers of before are shown on."),
        reasonsOf(withoutWarnings(build.failures)),
        h("a", { href: `#/builds/${build.build_id}` }, `Build ${build.build_id}`),
      ),
    build.status === "not_published" &&
      notice(
        "bad",
        "The numbers were not published",
        h("p", {}, "The rows are safe; the numbers of before are shown on."),
        h("p", {}, build.outcome),
        h("a", { href: `#/builds/${build.build_id}` }, `Build ${build.build_id}`),
      ),
    build.status === "published" &&
      build.failures.length > 0 &&
      notice("warn", "Published, with a warning", reasonsOf(build.failures)),
    load.rejected > 0 &&
      rejects?.length > 0 && [
        h("h3", {}, "Rejected"),
        h("p", { class: "quiet" }, reasons(rejects, load.rejected)),
        rejectsGrid("Rejected rows", rejects),
        load.rejected > rejects.length &&
          h(
            "p",
            { class: "quiet" },
            `The first ${rejects.length} of ${count(load.rejected, "row")}.`,
          ),
      ],
    h(
      "div",
      { class: "row" },
      load.rejected > 0 && rejectsButton(load),
      !load.already_loaded && undoButton(load),
    ),
  ];
}

function undoButton(load) {
  const button = h(
    "button",
    { type: "button", class: "small", on: { click: act } },
    "Undo this load",
  );
  async function act() {
    button.disabled = true;
    button.textContent = "Undoing …";
    try {
      await undo(load.load_id);
      button.replaceWith(pill("", "undone"));
      toast(`Load ${load.load_id} is undone.`);
    } catch (error) {
      button.disabled = false;
      button.textContent = "Undo this load";
      toast(error.message);
    }
  }
  return button;
}
