// Which table a file is for, of those that the server says it fits.

import { list } from "./words.js";

// The first of these that any table has decides between them.
const SIGNS = [
  (fit) => fit.fits && fit.has_header,
  (fit) => fit.fits,
  (fit) => fit.has_header,
  (fit) => fit.code === "ambiguous_reading",
  (fit) => fit.question,
  () => true,
];

/** `{ table, why }`; without a table where only a person can say. */
export function tableOf(fits, fileName) {
  const found = SIGNS.map((sign) => fits.filter(sign)).find((some) => some.length);
  if (found.length === 1) {
    const [{ table, has_header: hasHeader }] = found;
    return { table, why: hasHeader ? "by its header" : "by its rows" };
  }
  const table = named(fileName, found);
  if (table) return { table, why: "by the file's name" };
  const names = list(found.map((fit) => fit.table));
  return { why: found[0].fits ? `the rows fit ${names}` : "the file itself does not tell" };
}

/** The table whose name, or its singular, the file's name begins with. */
function named(fileName, fits) {
  const words = fileName.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  return fits
    .map(({ table }) => table)
    .filter((name) => words.startsWith(name.toLowerCase().replace(/s$/, "")))
    .sort((a, b) => b.length - a.length)[0];
}
