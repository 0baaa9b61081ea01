// Which table a file is for: by its header, else by the shape of its rows, else by its name.

const OURS = ["_line", "_reasons"];
const SHAPES = {
  integer: /^[+-]?\d+$/,
  real: /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
  boolean: /^(true|false|t|f|yes|no|0|1)$/i,
  date: /^\d{4}-\d{2}-\d{2}$/,
  timestamp: /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$/,
};

/** `{ table, why }`; the table is null where several fit, and only a person can say. */
export function guess(rows, fileName, tables) {
  if (!rows.length)
    return { table: named(fileName, tables)?.name ?? null, why: "by the file's name" };
  const header = rows[0]
    .map((cell) => cell.trim().toLowerCase())
    .filter((cell) => !OURS.includes(cell));
  const matched = tables
    .map((table) => ({ table, score: overlap(header, table) }))
    .sort((a, b) => b.score - a.score);
  const [best, second] = matched;
  if (best.score > 0.5 && best.score > (second?.score ?? 0))
    return { table: best.table.name, why: "by its header" };
  const fitting = tables.filter((table) => rows.some((row) => fits(row, table)));
  if (fitting.length === 1)
    return { table: fitting[0].name, why: `by its rows of ${fitting[0].columns.length} cells` };
  const byName = named(fileName, fitting.length ? fitting : tables);
  if (byName) return { table: byName.name, why: "by the file's name" };
  return {
    table: null,
    why: fitting.length
      ? `rows like these fit ${fitting.map((table) => table.name).join(" and ")}`
      : "neither header, rows nor name say which",
  };
}

/** How much of header and columns is the same, from 0 to 1. */
function overlap(header, table) {
  const columns = table.columns.map((column) => column.name.toLowerCase());
  const both = columns.filter((name) => header.includes(name)).length;
  return both / Math.max(columns.length, header.length);
}

function fits(row, table) {
  return (
    row.length === table.columns.length &&
    table.columns.every(
      (column, at) => !row[at].trim() || (SHAPES[column.data_type]?.test(row[at].trim()) ?? true),
    )
  );
}

/** The table whose name, or its singular, is in the file's name. */
function named(fileName, tables) {
  const words = fileName.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  const called = tables.filter(({ name }) => words.includes(name.toLowerCase().replace(/s$/, "")));
  return called.sort((a, b) => b.name.length - a.name.length)[0] ?? null;
}
