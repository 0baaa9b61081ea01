// The upload tables: what a row has to be like, in words, and how much came.

import { json } from "./api.js";
import { h, replace } from "./dom.js";
import { grid } from "./grid.js";
import { live } from "./live.js";
import { copyable, empty, saveButton, show, toast } from "./parts.js";
import { forgetReading, saidInWords } from "./reading.js";
import { cell, count, list, since, TYPES } from "./words.js";

const NOTES = {
  timestamp: "ISO 8601, such as 2021-07-27T16:02:08Z, in UTC unless it has an offset",
  date: "such as 2021-07-27",
  boolean: "true or false",
};

export function tables(main, signal) {
  const box = h("div", { class: "stack" });
  replace(
    main,
    h("h1", {}, "Tables"),
    h(
      "p",
      { class: "lead" },
      "What a row of each upload table has to be like. A row that is not is refused with the reason, and the others are loaded.",
    ),
    box,
  );
  const read = () => show(box, "Reading the tables …", all, signal);

  async function all() {
    const found = await json("tables", { signal });
    return found.length
      ? found.map((table) => card(table, read))
      : empty("No upload tables", "The dbt project declares none in _sources.yml.");
  }

  const news = (status) => [status?.newest_load_id, status?.last_build?.build_id].join();
  live.onChange(news, read, signal);
  read();
}

function card(table, changed) {
  const key = table.primary_key;
  const curl = `curl -F csv_file=@${table.name}.csv -F table_name=${table.name} '${new URL("upload_csv", document.baseURI)}'`;
  return h(
    "article",
    { class: "card" },
    h(
      "div",
      { class: "card-head" },
      h("div", {}, h("h2", {}, table.name), h("p", { class: "quiet" }, held(table))),
      h(
        "div",
        { class: "row" },
        saveButton(
          "CSV template",
          () => `tables/${encodeURIComponent(table.name)}/template`,
          () => `${table.name}.csv`,
          `Download a CSV template for ${table.name}`,
        ),
      ),
    ),
    h("p", { class: "about" }, table.description),
    grid(
      `Columns of ${table.name}`,
      [
        { title: "Column", cell: (column) => h("code", {}, column.name) },
        {
          title: "What it has to be",
          wide: true,
          cell: (column) => [
            h("div", {}, inWords(column)),
            h("div", { class: "quiet" }, column.description),
          ],
        },
      ],
      table.columns,
    ),
    key.length > 0 &&
      h(
        "p",
        {},
        "A later row with the same ",
        key.map((name, at) => [at > 0 && " and ", h("code", {}, name)]),
        " replaces the earlier one, so nothing is counted twice.",
      ),
    table.readings.length > 0 && remembered(table, changed),
    h("details", {}, h("summary", {}, "Upload with curl"), copyable(curl, "the command").node),
  );
}

/** The headers under which files are read without a question, and as what. */
function remembered({ name, readings }, changed) {
  const columns = [
    { title: "Header", wide: true, cell: ({ header }) => h("code", {}, header.join(" · ")) },
    { title: "Read", wide: true, cell: ({ said }) => saidInWords(said).join("; ") },
    { title: "Who", cell: ({ actor }) => cell(actor, "text") },
    { title: "When", cell: (reading) => since(reading.remembered_at) },
    {
      title: "",
      head: h("span", { class: "unseen" }, "Take back"),
      cell: (reading) => takeBackButton(name, reading, changed),
    },
  ];
  return [
    h("h3", {}, "Read without asking"),
    grid(`Remembered readings of ${name}`, columns, readings, { stacked: true }),
  ];
}

function takeBackButton(table, { reading_id: id, header }, changed) {
  const button = h(
    "button",
    {
      type: "button",
      class: "small",
      "aria-label": `Take back how ${header.join(", ")} is read`,
      on: { click: act },
    },
    "Take back",
  );
  async function act() {
    button.disabled = true;
    try {
      await forgetReading(table, id);
      toast("Taken back: the next file with this header is asked about.");
      changed();
    } catch (error) {
      button.disabled = false;
      toast(error.message);
    }
  }
  return button;
}

/** "Whole number, required." */
function inWords({ data_type: type, required, accepted_values: accepted }) {
  const kind = accepted ? `one of ${list(accepted)}` : TYPES[type];
  const note = NOTES[type] ? ` (${NOTES[type]})` : "";
  return `${kind[0].toUpperCase()}${kind.slice(1)}${note}, ${required ? "required" : "may be empty"}.`;
}

function held(table) {
  if (!table.loads) return "Nothing loaded yet";
  return [
    `${count(table.rows_loaded, "row")} in ${count(table.loads, "load")}`,
    table.last_loaded_at && [", the last ", since(table.last_loaded_at)],
  ];
}
