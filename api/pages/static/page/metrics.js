// What the catalogue says of metrics, and the requests that can be made of them.

import { json } from "./api.js";

export const catalogue = (options) => json("metrics", options);

/** The columns whose values are figures, not names made of digits. */
export function measures(metric) {
  const held = new Set(metric.parameters.map((parameter) => parameter.column));
  return new Set(
    metric.columns
      .filter((column) => ["integer", "real"].includes(column.data_type))
      .map((column) => column.name)
      .filter((name) => !held.has(name) && !/^(id|year|quarter|month|week|day)$|_id$/i.test(name)),
  );
}

/** A filter as it is typed, as a parameter of the address: `5`, `>=5`, `<> 3`, or a part of a text. */
export function filterOf(column, text) {
  const written = text.trim();
  if (!written) return null;
  if (column.data_type === "text") return [`${column.name}__contains`, written];
  const [, sign, value] = written.match(/^(>=|<=|<>|!=|>|<|=|≥|≤|≠)?\s*(.*)$/);
  const operator =
    {
      ">=": "gte",
      "≥": "gte",
      "<=": "lte",
      "≤": "lte",
      ">": "gt",
      "<": "lt",
      "<>": "ne",
      "!=": "ne",
      "≠": "ne",
    }[sign] ?? "eq";
  return [`${column.name}__${operator}`, value];
}

/** What a parameter is: as chosen, else its default, else every value. */
export const valueOf = (state, { name, default: usual }) =>
  state.parameters[name] ?? usual ?? "all";

/** The address of an answer, without what is not asked for. */
export function address(metric, query) {
  const text = query.toString();
  return `metrics/${encodeURIComponent(metric.name)}${text ? `?${text}` : ""}`;
}
