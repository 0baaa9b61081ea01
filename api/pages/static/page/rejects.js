// Refused rows: where, what, why, and the file to mend.

import { ask, json } from "./api.js";
import { h, replace } from "./dom.js";
import { addRows, grid } from "./grid.js";
import { saveButton } from "./parts.js";
import { count } from "./words.js";

const WHERE_AND_WHY = [
  { title: "Line", figure: true, cell: (error) => error.line },
  { title: "Column", cell: (error) => error.column ?? h("span", { class: "quiet" }, "the row") },
  { title: "Why", wide: true, cell: (error) => error.message },
];
const COLUMNS = [
  ...WHERE_AND_WHY,
  {
    title: "As it was sent",
    wide: true,
    cell: (error) => error.raw && h("code", { class: "raw" }, error.raw),
  },
];

/** A table of what is wrong with a file, without its rows. */
export const errorsGrid = (caption, errors) =>
  grid(caption, WHERE_AND_WHY, errors, { stacked: true });

/** A table of rejects as the server returns them; each of their errors has a line. */
export const rejectsGrid = (caption, rejects) =>
  grid(caption, COLUMNS, rejects.flatMap(errorsOf), { stacked: true });

const errorsOf = (reject) =>
  (reject.errors?.length ? reject.errors : [reject]).map((error, at) => ({
    ...error,
    raw: at ? "" : reject.raw,
  }));

/** The most frequent reasons, such as "12 × department is required but empty". */
export function reasons(rejects, all) {
  const counts = new Map();
  for (const reject of rejects) {
    const reason = `${reject.column ?? "row"}: ${reject.code.replaceAll("_", " ")}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const some = all > rejects.length ? `Of the first ${rejects.length}: ` : "";
  return (
    some +
    [...counts]
      .sort((a, b) => b[1] - a[1])
      .map(([reason, n]) => `${n} × ${reason}`)
      .join(" · ")
  );
}

/** The file of all rejects of a load, to mend in a spreadsheet or editor and upload again. */
export const rejectsButton = (load) =>
  saveButton(
    `Download ${count(load.rejected, "reject")} to mend`,
    () => `loads/${load.load_id}/rejects?format=csv`,
    () => `${load.table}-load-${load.load_id}-rejects.csv`,
    `Download the rejects of load ${load.load_id}`,
  );

/** All rejects of a load, a page at a time. */
export async function allRejects(load) {
  let page = await json(`loads/${load.load_id}/rejects?limit=100`);
  const whole = rejectsGrid(`Rejects of load ${load.load_id}`, page.rejects);
  let known = page.rejects.length;
  const end = h("div", { class: "row" });
  const showEnd = () =>
    replace(
      end,
      h(
        "span",
        { class: "quiet" },
        known < load.rejected ? `${known} of ${count(load.rejected, "row")}` : count(known, "row"),
      ),
      page.next &&
        known < load.rejected &&
        h("button", { type: "button", class: "small", on: { click: more } }, "Show more"),
    );
  async function more() {
    page = await (await ask(page.next)).json();
    addRows(whole, COLUMNS, page.rejects.flatMap(errorsOf));
    known += page.rejects.length;
    showEnd();
  }
  showEnd();
  return [h("div", { class: "row" }, rejectsButton(load)), whole, end];
}
