// One file: what it would come to, how far it has come, what became of it.

import { headOf, records, wholeRecords } from "./csv.js";
import { h, icon, ICONS, replace, say } from "./dom.js";
import { grid } from "./grid.js";
import { guess } from "./guess.js";
import { field, notice, pill, trouble } from "./parts.js";
import { reasons, rejectsGrid } from "./rejects.js";
import { built, requestKey, send, tryOut } from "./send.js";
import { progress, refused, result } from "./upload-result.js";
import { cell, count, number, size, TYPES } from "./words.js";

// So much of a large file is looked at before it is sent.
const HEAD_BYTES = 1 << 20;
const WHOLE_BYTES = 8 << 20;
const GUESSED_BY = 20;
const SHOWN = 5;

/** A card for a file, to be looked at first. `state`: "looking", "open" (no table yet), "ready",
 * "refused", "busy", "done" or "failed". */
export function fileCard(file, tables, { changed, removed }) {
  const key = requestKey();
  let head = null;
  let looking = null;
  let receipt = null;
  const table = h(
    "select",
    {
      on: {
        change: () => {
          why.textContent = "";
          look();
        },
      },
    },
    h("option", { value: "" }, "Choose …"),
    tables.map(({ name }) => h("option", { value: name }, name)),
  );
  const why = h("span", { class: "quiet" });
  const mode = h(
    "select",
    { on: { change: () => card.state !== "looking" && settle() } },
    h("option", { value: "append" }, "Add to the table"),
    h("option", { value: "replace" }, "Replace the whole table"),
  );
  const settings = h("div", { class: "row" }, field("Table", table), why, field("Rows", mode));
  const body = h("div", { class: "stack", "aria-live": "polite" });
  const close = h(
    "button",
    {
      type: "button",
      class: "tool",
      "aria-label": `Remove ${file.name}`,
      on: { click: () => removed(card) },
    },
    icon(ICONS.close),
  );
  const node = h(
    "article",
    { class: "card file" },
    h(
      "div",
      { class: "card-head" },
      h("div", {}, h("h2", {}, file.name), h("p", { class: "quiet" }, size(file.size))),
      close,
    ),
    settings,
    body,
  );
  const card = { node, state: "looking", look, send: sendIt, finish };

  function settle(state = table.value ? "ready" : "open") {
    card.state = state;
    close.disabled = card.state === "busy";
    changed();
  }

  async function look() {
    looking?.abort();
    const now = (looking = new AbortController());
    settle("looking");
    try {
      head ??= await headOf(file, HEAD_BYTES);
      if (!table.value && !why.textContent) guessTable();
      if (!table.value) return;
      replace(body, h("p", { class: "quiet" }, "Looking at the rows …"));
      const whole = head.whole || file.size <= WHOLE_BYTES;
      const blob = whole ? file : new Blob([wholeRecords(head.bytes)]);
      const report = await tryOut(blob, file.name, table.value, now.signal);
      if (!now.signal.aborted) replace(body, preview(report, whole));
    } catch (error) {
      if (now.signal.aborted) return;
      if (error.status === 422 || error.status === 400) {
        if (head?.whole) settle("refused");
        replace(body, refused(error));
      } else replace(body, trouble(error, look));
    } finally {
      if (!now.signal.aborted && card.state === "looking") settle();
    }
  }

  function guessTable() {
    const text = new TextDecoder().decode(head.bytes.subarray(0, 1 << 16));
    const found = guess(records(text, GUESSED_BY), file.name, tables);
    table.value = found.table ?? "";
    why.textContent = found.table ? `guessed ${found.why}` : `Please choose: ${found.why}.`;
    if (!found.table) body.append(h("p", {}, "Which table are these rows for?"));
  }

  function preview(report, whole) {
    const about = tables.find(({ name }) => name === report.table);
    const columns = about.columns.map((column) => ({
      title: column.name,
      hint: column.description,
      note: TYPES[column.data_type],
      cell: (row) => cell(row[column.name], column.data_type, false),
      figure: ["integer", "real"].includes(column.data_type),
    }));
    const seen = whole
      ? count(report.received, "row")
      : `the first ${count(report.received, "row")}`;
    return [
      h(
        "p",
        {},
        pill("good", `${number(report.loaded)} ${report.loaded === 1 ? "fits" : "fit"}`),
        " ",
        report.rejected > 0 &&
          pill("warn", `${number(report.rejected)} ${report.rejected === 1 ? "does" : "do"} not`),
        " ",
        `of ${seen}. `,
        report.has_header
          ? "The first line is a header."
          : `No header: the cells are taken as ${about.columns.map((c) => c.name).join(", ")}.`,
        !whole && " The rest is checked while it is loaded.",
      ),
      grid(`First rows of ${file.name}`, columns, report.preview.slice(0, SHOWN)),
      report.rejected > 0 && [
        h("h3", {}, "What would be refused"),
        rejectsGrid(`Problems of ${file.name}`, report.rejects),
        h("p", { class: "quiet" }, reasons(report.rejects, report.rejected)),
      ],
    ];
  }

  async function sendIt() {
    settle("busy");
    settings.hidden = true;
    const bar = progress();
    replace(body, bar.node);
    try {
      receipt = await send(file, file.name, table.value, {
        mode: mode.value,
        key,
        progress: bar.sent,
      });
      bar.at(2);
      return true;
    } catch (error) {
      settings.hidden = false;
      // A request that broke off may have been stored: under its key it is only told again.
      const again = () => sendIt().then((stored) => stored && finish());
      replace(
        body,
        error.status === 422 || error.status === 400 ? refused(error) : trouble(error, again),
      );
      settle("failed");
      say(`${file.name} was not loaded.`);
      return false;
    }
  }

  async function finish() {
    const { rejects } = receipt;
    try {
      receipt = { ...receipt, ...(await built(receipt.load_id)) };
      replace(body, result(receipt, rejects));
      say(
        `${file.name}: ${count(receipt.loaded, "row")} loaded, ${number(receipt.rejected)} rejected.`,
      );
    } catch (error) {
      replace(body, notice("good", `Stored as load ${receipt.load_id}.`), trouble(error, finish));
      return null;
    } finally {
      settle("done");
    }
    return receipt;
  }

  return card;
}
