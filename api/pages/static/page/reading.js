// How a file was read, or is to be, in words.

import { ask, json } from "./api.js";
import { count, list } from "./words.js";

const DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars" };
const DATES = { day_first: "days first", month_first: "months first" };
const WORKBOOKS = ["xlsx", "xls", "ods"];

/** "Read as Windows-1252 with semicolons, days first." Nothing of a plain one. */
export function readingInWords(reading) {
  if (!reading || reading === "plain") return "";
  const columns = Object.fromEntries(reading.columns.map(({ name, column }) => [name, column]));
  const isText = !WORKBOOKS.includes(reading.container);
  const said = saidInWords({
    ...reading,
    columns,
    encoding: isText && reading.encoding,
    delimiter: isText && reading.delimiter,
  });
  const packed = isText && reading.container !== "plain" && `unpacked from ${reading.container}`;
  const above = reading.lines_above > 0 && `${count(reading.lines_above, "line")} above passed over`;
  return `Read ${[...said, packed, above].filter(Boolean).join("; ")}.`;
}

/** The same of what is said of files, as a list of parts. */
export function saidInWords({ encoding, delimiter, dates, sheet, columns = {} }) {
  const pairs = Object.entries(columns);
  const renamed = pairs.filter(([name, column]) => column && !isSame(name, column));
  const over = pairs.filter(([, column]) => !column).map(([name]) => name);
  const text = [
    encoding && `as ${encodingName(encoding)}`,
    delimiter && `with ${delimiterName(delimiter)}`,
  ];
  return [
    text.filter(Boolean).join(" "),
    sheet && `from ${sheet}`,
    dates && DATES[dates],
    renamed.length > 0 && list(renamed.map(([name, column]) => `${name} as ${column}`)),
    over.length > 0 && `${over.length > 1 ? "columns" : "column"} ${list(over)} passed over`,
  ].filter(Boolean);
}

/** "Windows-1252" for "windows-1252" and for "cp1252". */
export const encodingName = (name) =>
  name
    .replace(/^(cp|windows-)(?=125)/i, "Windows-")
    .replace(/^(cp|ibm)(?=\d)/i, "IBM ")
    .replace(/^utf/, "UTF")
    .replace(/^mac(intosh|-roman)$/, "Macintosh");

export const delimiterName = (mark) => DELIMITERS[mark] ?? `“${mark}”`;

/** The remembered reading by which a file was read, unless it has been taken back since. */
export async function rememberedReading(table, { remembered: id }, signal) {
  if (!id) return null;
  const { readings } = await json(`tables/${encodeURIComponent(table)}`, { signal });
  return readings.find((reading) => reading.reading_id === id);
}

/** Take a remembered reading back: files under its header are asked about again. */
export const forgetReading = (table, id) =>
  ask(`tables/${encodeURIComponent(table)}/readings/${id}`, { method: "DELETE" });

const isSame = (name, column) => compact(name) === compact(column);
const compact = (name) => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
