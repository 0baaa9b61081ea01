// A table of what there has been, newest first, with a way to what is older.

import { json } from "./api.js";
import { h, replace } from "./dom.js";
import { addRows, grid } from "./grid.js";

// The API lists no more at a time.
const MOST = 1000;

/** Reads the newest entries of `collection`, a path and what it lists, identified by `id`:
 * at first `page` of them, later as many as had been shown. `rowsOf` makes rows of all that
 * are known; `nothing` is shown without any. */
export function ledger(
  { collection, id, page, columns, rowClass, rowsOf = (found) => found, nothing },
  signal,
) {
  const title = collection[0].toUpperCase() + collection.slice(1);
  let shown = page;
  return async () => {
    const found = await json(`${collection}?limit=${shown}`, { signal });
    if (!found.length) return nothing;
    const options = { rowClass, stacked: true };
    const table = grid(`${title}, newest first`, columns, rowsOf(found), options);
    const end = h("div", { class: "row" });
    const more = async () => {
      const before = found.at(-1)[id];
      const older = await json(`${collection}?limit=${page}&before=${before}`, { signal });
      found.push(...older);
      shown = Math.min(found.length, MOST);
      addRows(table, columns, rowsOf(found).slice(found.length - older.length));
      if (older.length < page) replace(end);
    };
    if (found.length === shown)
      replace(
        end,
        h("button", { type: "button", class: "small", on: { click: more } }, "Show older ones"),
      );
    return [table, end];
  };
}
