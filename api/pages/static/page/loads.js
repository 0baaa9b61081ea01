// The ledger: what came in, what was rejected, and undoing it.

import { json } from "./api.js";
import { h, replace } from "./dom.js";
import { reasonsOf, withoutWarnings } from "./failures.js";
import { ledger } from "./ledger.js";
import { live } from "./live.js";
import { empty, facts, notice, pill, show, toast } from "./parts.js";
import { readingInWords } from "./reading.js";
import { allRejects } from "./rejects.js";
import { undo } from "./send.js";
import { count, moment, number, since } from "./words.js";

const PAGE = 50;

export function loads(main, signal) {
  const box = h("div", {});
  replace(
    main,
    h("h1", {}, "Loads"),
    h(
      "p",
      { class: "lead" },
      "Everything that ever came in, newest first. Undoing a load takes its rows out as if it had never been; nothing is lost, it can be brought back.",
    ),
    box,
  );
  const read = () => show(box, "Reading the ledger …", table, signal);

  const table = ledger(
    {
      collection: "loads",
      id: "load_id",
      page: PAGE,
      columns: columnsOf(() => read()),
      rowClass: (load) => (load.counts || load.of_load ? "" : "out"),
      nothing: empty(
        "Nothing was loaded yet",
        "What is shown is the sample. ",
        h("a", { href: "#/upload" }, "Upload your own"),
        ".",
      ),
    },
    signal,
  );

  live.onChange((status) => status?.newest_load_id, read, signal);
  document.addEventListener("key", read, { signal });
  read();
}

function columnsOf(changed) {
  return [
    {
      title: "Load",
      figure: true,
      cell: (load) => h("a", { href: `#/loads/${load.load_id}` }, String(load.load_id)),
    },
    { title: "When", cell: (load) => since(load.loaded_at) },
    { title: "What", wide: true, cell: what },
    { title: "Loaded", figure: true, cell: (load) => (load.of_load ? "" : number(load.loaded)) },
    {
      title: "Rejected",
      figure: true,
      cell: (load) =>
        load.of_load
          ? ""
          : load.rejected
            ? h("a", { href: `#/loads/${load.load_id}` }, number(load.rejected))
            : "0",
    },
    { title: "Who", cell: (load) => load.actor ?? h("span", { class: "quiet" }, "no key") },
    { title: "State", cell: state },
    {
      title: "",
      head: h("span", { class: "unseen" }, "Undo"),
      cell: (load) => turnButton(load, changed),
    },
  ];
}

function what(load) {
  if (load.of_load)
    return [
      load.mode === "undo" ? "Undo of " : "Brought back ",
      h("a", { href: `#/loads/${load.of_load}` }, `load ${load.of_load}`),
      ` (${load.table})`,
    ];
  const from = load.file_name ?? { csv: "a file", batch: "a batch", avro: "a backup" }[load.source];
  return [
    h("strong", {}, load.table),
    load.mode === "replace" && [" ", pill("", "replaced all")],
    h("br", {}),
    h("span", { class: "quiet" }, from),
  ];
}

function state(load) {
  if (load.of_load) return "";
  if (load.counts) return pill("good", "counts");
  if (load.undone_by) return pill("", `undone by ${load.undone_by}`);
  return pill("", "replaced since");
}

/** Undo, or bring back: offered where it is one step. */
export function turnButton(load, changed) {
  const isOut = Boolean(load.undone_by);
  if (load.of_load || (!load.counts && !isOut)) return "";
  const name = isOut ? "Bring back" : "Undo";
  const button = h(
    "button",
    {
      type: "button",
      class: "small",
      "aria-label": `${name} load ${load.load_id}`,
      on: { click: act },
    },
    name,
  );
  async function act() {
    button.disabled = true;
    button.textContent = isOut ? "Bringing back …" : "Undoing …";
    await turn(isOut ? load.undone_by : load.load_id, load.load_id, isOut, changed);
    button.disabled = false;
    button.textContent = name;
  }
  return button;
}

async function turn(entry, loadId, isOut, changed) {
  try {
    const made = await undo(entry);
    const { build } = made;
    changed();
    const done = isOut ? `Load ${loadId} counts again` : `Load ${loadId} is undone`;
    const numbers =
      build.status === "published"
        ? "the numbers are built anew"
        : "but the build failed, and the numbers are those of before";
    toast(
      `${done}; ${numbers}.`,
      isOut
        ? null
        : { name: "Bring it back", act: () => turn(made.load_id, loadId, true, changed) },
    );
  } catch (error) {
    toast(error.message);
  }
}

export function oneLoad(main, signal, loadId) {
  const box = h("div", { class: "stack" });
  replace(
    main,
    h("p", {}, h("a", { href: "#/loads" }, "All loads")),
    h("h1", {}, `Load ${loadId}`),
    box,
  );
  const read = () => show(box, "Reading the load …", () => whole(loadId, read, signal), signal);
  live.on("status", read, signal);
  read();
}

async function whole(loadId, read, signal) {
  const load = await json(`loads/${loadId}`, { signal });
  const { build } = load;
  return [
    h(
      "div",
      { class: "card stack" },
      facts([
        ["What", what(load)],
        ["State", state(load) || "an entry about another load"],
        ["When", [moment(load.loaded_at), " (", since(load.loaded_at), ")"]],
        ["Who", load.actor ?? "no key"],
        !load.of_load && [
          "Rows",
          `${number(load.received)} received, ${number(load.loaded)} loaded, ${number(load.rejected)} rejected`,
        ],
        readingInWords(load.reading) && ["How", readingInWords(load.reading)],
        [
          "Build",
          build.build_id
            ? [
                h("a", { href: `#/builds/${build.build_id}` }, `build ${build.build_id}`),
                " ",
                pill(
                  build.status === "published" ? "good" : "bad",
                  build.status.replace("_", " "),
                ),
              ]
            : "is still to come",
        ],
        load.request_id && ["Request", h("code", {}, load.request_id)],
        load.sha256 && ["SHA-256", h("code", { class: "raw" }, load.sha256)],
      ]),
      h("div", { class: "row" }, turnButton(load, read)),
    ),
    ["failed", "not_published"].includes(build.status) &&
      notice(
        "bad",
        build.status === "failed" ? "Its build failed" : "Its build was not published",
        h("p", {}, "The rows are safe; the numbers of before are shown on."),
        h("p", {}, build.outcome),
        reasonsOf(withoutWarnings(build.failures)),
      ),
    load.rejected > 0 &&
      h(
        "section",
        { class: "card stack" },
        h("h2", {}, count(load.rejected, "rejected row")),
        await allRejects(load),
      ),
  ];
}
