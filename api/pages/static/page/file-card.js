// One file: what it would come to, what is asked about it, how far it has come, what became of it.

import { h, icon, ICONS, replace, say } from "./dom.js";
import { tableOf } from "./fitting.js";
import { headOf } from "./head.js";
import { field, notice, toast, trouble } from "./parts.js";
import { preview } from "./preview.js";
import { questionForm } from "./question.js";
import { forgetReading, rememberedReading } from "./reading.js";
import { built, requestKey, send, tryOut } from "./send.js";
import { progress, refused, result } from "./upload-result.js";
import { count, day, number, size } from "./words.js";

// Of a larger file the first rows are looked at before it is sent.
const WHOLE_BYTES = 8 << 20;

/** A card for a file, to be looked at first. `state`: "looking", "open" (no table yet), "asked",
 * "ready", "refused", "busy", "done" or "failed". */
export function fileCard(file, tables, { changed, removed }) {
  const key = requestKey();
  const isWhole = file.size <= WHOLE_BYTES;
  let head = null;
  // What was answered, by form field; `isAnswer` until what comes of the last one is shown.
  let said = {};
  let isAnswer = false;
  let looking = null;
  let receipt = null;
  const table = h(
    "select",
    {
      on: {
        change: () => {
          why.textContent = "";
          delete said.columns;
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
  const keep = h("input", { type: "checkbox", checked: true });
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

  /** Show; who has just answered goes on from there. */
  function put(...content) {
    const isForm = content[0].tagName === "FORM";
    body.setAttribute("aria-live", isForm ? "off" : "polite");
    replace(body, content);
    if (isAnswer && document.activeElement === document.body)
      (body.querySelector(isForm ? "fieldset :is(input, select)" : "[tabindex]") ?? table).focus();
    isAnswer = false;
  }

  async function look() {
    looking?.abort();
    const now = (looking = new AbortController());
    settle("looking");
    replace(body, h("p", { class: "quiet" }, "Looking at the rows …"));
    try {
      head ??= await headOf(file);
      if (!table.value) await findTable(now.signal);
      if (!table.value) return;
      const asked = { table: table.value, said };
      const report = await tryOut(isWhole ? file : head, file.name, asked, now.signal);
      const how = await howItIsRead(report, now.signal);
      const about = { table: theTable(), fileName: file.name, isWhole, how };
      if (!now.signal.aborted) put(preview(report, about));
    } catch (error) {
      if (!now.signal.aborted) stop(error, look);
    } finally {
      if (!now.signal.aborted && card.state === "looking") settle();
    }
  }

  const isSaid = () => Object.keys(said).length > 0;
  const theTable = () => tables.find(({ name }) => name === table.value);

  /** Choose the table that the file fits, or have a person choose. */
  async function findTable(signal) {
    const { tables: fits } = await tryOut(head, file.name, { said }, signal);
    const found = tableOf(fits, file.name);
    table.value = found.table ?? "";
    why.textContent = found.table ? `chosen ${found.why}` : "";
    if (!found.table) put(h("p", {}, `Please choose the table: ${found.why}.`));
  }

  /** Why it does not go on: something is asked, refused, or went wrong on the way. */
  function stop(error, again) {
    const { question } = error.body ?? {};
    if (question) {
      const form = questionForm(question, {
        table: theTable(),
        objection: said[question.field] && error.message,
        answer: (value) => {
          said[question.field] = value;
          lookAnew();
        },
        end: isSaid() && startOver(),
      });
      put(form.node);
      if (!form.node.contains(document.activeElement)) say(`${file.name}: ${form.title}`);
      settle("asked");
    } else if (error.status === 422 || error.status === 400) {
      put(h("div", { tabindex: "-1" }, refused(error)), isSaid() && startOver());
      if (isWhole) settle("refused");
    } else put(trouble(error, again));
  }

  function lookAnew() {
    isAnswer = true;
    look();
  }

  function startOver() {
    const act = () => {
      said = {};
      lookAnew();
    };
    return h("button", { type: "button", on: { click: act } }, "Start over");
  }

  /** What a person has to do with how the file is read: now, or with one before it. */
  async function howItIsRead({ has_header: hasHeader, reading }, signal) {
    const known = await rememberedReading(table.value, reading, signal);
    return [
      known &&
        h(
          "div",
          { class: "row" },
          h("span", {}, `Read as last time (${day(known.remembered_at)}).`),
          h(
            "button",
            { type: "button", class: "small", on: { click: () => forget(known) } },
            "Ask again",
          ),
        ),
      isSaid() &&
        h(
          "div",
          { class: "row" },
          hasHeader &&
            h(
              "label",
              { class: "check" },
              keep,
              "Read the next file with this header the same way",
            ),
          startOver(),
        ),
    ];
  }

  async function forget({ reading_id: id }) {
    try {
      await forgetReading(table.value, id);
      lookAnew();
    } catch (error) {
      toast(error.message);
    }
  }

  async function sendIt() {
    settle("busy");
    settings.hidden = true;
    const bar = progress();
    replace(body, bar.node);
    try {
      card.remembers = isSaid() && keep.checked;
      receipt = await send(file, {
        table: table.value,
        mode: mode.value,
        said,
        remember: card.remembers,
        key,
        progress: bar.sent,
      });
      bar.at(2);
      return true;
    } catch (error) {
      settings.hidden = false;
      // A request that broke off may have been stored: under its key the first answer is returned again.
      const again = () => sendIt().then((stored) => stored && finish());
      stop(error, again);
      if (card.state !== "asked") settle("failed");
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
