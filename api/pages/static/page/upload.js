// Files and pasted rows on their way in: chosen, looked at, sent, and what became of the numbers.

import { json } from "./api.js";
import { changes, numbers } from "./changes.js";
import { h, icon, ICONS, replace, say } from "./dom.js";
import { fileCard } from "./file-card.js";
import { notice, trouble } from "./parts.js";
import { count } from "./words.js";

let tray = null;

/** The page is made once: what is being sent goes on while others are looked at. */
export function upload(main) {
  tray ??= makeTray();
  replace(main, tray.node);
  tray.readTables();
}

function makeTray() {
  let tables = [];
  const cards = new Set();
  const input = h("input", {
    type: "file",
    id: "files",
    multiple: true,
    accept: ".csv,.tsv,.txt,.gz,.zip,.xlsx,.xls,.ods,text/csv",
    class: "unseen",
    on: { change: chosen },
  });
  const drop = h(
    "label",
    {
      for: "files",
      class: "drop",
      on: {
        dragover: (event) => {
          event.preventDefault();
          drop.classList.add("over");
        },
        dragleave: () => drop.classList.remove("over"),
        drop: dropped,
      },
    },
    icon(ICONS.upload),
    h("strong", {}, "Drop files here"),
    h(
      "span",
      {},
      "or ",
      h("span", { class: "like-link" }, "choose them"),
      " – CSV or Excel, several at once, packed or not",
    ),
  );
  const paste = pasteBox((text) =>
    add([new File([text], "pasted rows.csv", { type: "text/csv" })]),
  );
  const problems = h("div", {});
  const chosenFiles = h("div", { class: "stack" });
  const go = h("button", { type: "button", class: "main", on: { click: sendAll } });
  const clear = h("button", { type: "button", on: { click: removeDone } }, "Clear the list");
  const actions = h("div", { class: "row actions", hidden: true }, go, clear);
  const outcome = h("div", {});
  const node = h(
    "div",
    { class: "stack" },
    h("h1", {}, "Upload"),
    h(
      "p",
      { class: "lead" },
      "Files of ",
      h("span", { id: "table-names" }),
      ". Nothing is stored before you say so: first you see what would be loaded, and what would not.",
    ),
    h("div", {}, input, drop),
    paste,
    problems,
    chosenFiles,
    actions,
    outcome,
  );
  addEventListener("beforeunload", (event) => any("busy") && event.preventDefault());

  async function readTables() {
    try {
      tables = await json("tables");
      replace(problems);
      replace(
        node.querySelector("#table-names"),
        tables.map((table, at) => [
          at > 0 && (at === tables.length - 1 ? " or " : ", "),
          h("a", { href: "#/tables" }, table.name),
        ]),
      );
    } catch (error) {
      replace(problems, trouble(error, readTables));
    }
  }

  const those = (state) => [...cards].filter((card) => card.state === state);
  const any = (...states) => [...cards].some((card) => states.includes(card.state));

  function chosen() {
    add([...input.files]);
    input.value = "";
  }

  function dropped(event) {
    event.preventDefault();
    drop.classList.remove("over");
    add([...event.dataTransfer.files]);
  }

  async function add(files) {
    if (!tables.length) await readTables();
    if (!tables.length) return;
    const added = files.map((file) => fileCard(file, tables, { changed: show, removed: remove }));
    for (const card of added) {
      cards.add(card);
      chosenFiles.append(card.node);
    }
    show();
    say(`${count(added.length, "file")} chosen.`);
    // One after the other: a look takes the server as long as a load does.
    for (const card of added) await card.look();
  }

  function remove(card) {
    cards.delete(card);
    card.node.remove();
    show();
    drop.control.focus();
  }

  function removeDone() {
    for (const card of cards) if (card.state !== "busy") remove(card);
    replace(outcome);
  }

  function show() {
    actions.hidden = !cards.size;
    go.hidden = !any("looking", "open", "asked", "ready", "busy");
    const first = whatComesFirst();
    go.disabled = first !== null;
    go.textContent = first ?? `Upload ${count(those("ready").length, "file")}`;
    clear.disabled = any("busy");
  }

  function whatComesFirst() {
    if (any("busy")) return "Uploading …";
    // A preview moves the button when it appears, and is to be seen before anything is sent.
    if (any("looking")) return "Looking at the rows …";
    if (any("ready")) return null;
    return any("asked") ? "Answer first" : "Choose a table first";
  }

  async function sendAll() {
    replace(outcome);
    const before = await numbers().catch(() => new Map());
    const sent = [];
    const building = [];
    let isRemembered = false;
    for (const card of those("ready")) {
      // Its rows are stored when this is over; the build is waited for while the next is sent.
      const stored = await card.send();
      isRemembered ||= stored && card.remembers;
      if (stored) building.push(card.finish().then((load) => load && sent.push(load)));
    }
    // What is remembered now is not to be asked once more.
    if (isRemembered) for (const card of those("asked")) await card.look();
    await Promise.all(building);
    show();
    if (sent.some((load) => load.build.status === "published")) await tellChanges(before);
  }

  async function tellChanges(before) {
    try {
      replace(outcome, changes(before, await numbers()));
      say("The numbers have been built anew; what changed is at the end of the page.");
    } catch (error) {
      replace(
        outcome,
        notice(
          "info",
          "The rows are in.",
          h("p", {}, `What changed cannot be shown: ${error.message}`),
        ),
      );
    }
  }

  return { node, readTables };
}

function pasteBox(take) {
  const text = h("textarea", {
    id: "pasted",
    rows: 5,
    spellcheck: "false",
    placeholder: "1,Engineering\n2,Support",
    "aria-describedby": "pasted-how",
  });
  const use = () => {
    if (!text.value.trim()) return text.focus();
    take(text.value);
    text.value = "";
    box.open = false;
  };
  const box = h(
    "details",
    { class: "paste" },
    h("summary", {}, "Or paste rows"),
    h("label", { for: "pasted" }, "Rows"),
    text,
    h(
      "p",
      { id: "pasted-how", class: "quiet" },
      "As CSV, or copied from a spreadsheet; with a header or without.",
    ),
    h("button", { type: "button", on: { click: use } }, "Look at these rows"),
  );
  return box;
}
