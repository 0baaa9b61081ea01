// What a file would come to: how it was read, its first rows, and what would be refused.

import { h } from "./dom.js";
import { grid } from "./grid.js";
import { pill } from "./parts.js";
import { readingInWords } from "./reading.js";
import { reasons, rejectsGrid } from "./rejects.js";
import { cell, count, number, TYPES } from "./words.js";

const SHOWN = 5;

/** The report of a dry run on a `table`; `isWhole` is false where only the first rows were
 * looked at. `how` stands below the words for how the file was read. */
export function preview(report, { table, fileName, isWhole, how }) {
  const columns = table.columns.map((column) => ({
    title: column.name,
    hint: column.description,
    note: TYPES[column.data_type],
    cell: (row) => cell(row[column.name], column.data_type, false),
    figure: ["integer", "real"].includes(column.data_type),
  }));
  const seen = count(report.received, "row");
  const reading = readingInWords(report.reading);
  return [
    h(
      "p",
      { tabindex: "-1" },
      pill("good", `${number(report.loaded)} ${report.loaded === 1 ? "fits" : "fit"}`),
      " ",
      report.rejected > 0 && pill("warn", `${number(report.rejected)} ${report.rejected === 1 ? "does" : "do"} not`),
      " ",
      `of ${isWhole ? seen : `the first ${seen}`}. `,
      header(report, table),
      !isWhole && " The rest is checked while it is loaded.",
    ),
    reading && h("p", {}, reading),
    how,
    grid(`First rows of ${fileName}`, columns, report.preview.slice(0, SHOWN)),
    report.rejected > 0 && [
      h("h3", {}, "What would be refused"),
      rejectsGrid(`Problems of ${fileName}`, report.rejects),
      h("p", { class: "quiet" }, reasons(report.rejects, report.rejected)),
    ],
  ];
}

function header({ has_header: hasHeader, reading }, table) {
  if (!hasHeader)
    return `No header: the cells are taken as ${table.columns.map((c) => c.name).join(", ")}.`;
  const line = reading.header_line ?? 1;
  return line > 1 ? `Line ${number(line)} is the header.` : "The first line is a header.";
}
