// Which column of a file is which of the table's: chosen beside its first values.

import { h } from "./dom.js";
import { list, TYPES } from "./words.js";

let controls = 0;

/** What is asked of the columns, in the shape of every question. */
export function mapping({ columns }, table) {
  // Those of one name look the same and are one choice.
  const asked = [...new Map(columns.map((column) => [column.name, column])).values()];
  const selects = asked.map(({ column }) =>
    h(
      "select",
      { id: `column-${(controls += 1)}`, on: { change: showState } },
      h("option", { value: "" }, "pass over"),
      table.columns.map((ours) =>
        h("option", { value: ours.name, selected: ours.name === column }, optionText(ours)),
      ),
    ),
  );
  const state = h("p", { role: "status" });
  const node = h(
    "div",
    {},
    h(
      "div",
      { class: "mapping" },
      h("div", { class: "pair heads", "aria-hidden": "true" }, [
        h("span", {}, "In the file"),
        h("span", {}, `In ${table.name}`),
      ]),
      asked.map((column, at) => pair(column, selects[at])),
    ),
    state,
  );
  showState();

  function validate() {
    const values = selects.map((select) => select.value);
    const twice = values.findIndex((value, at) => value && values.indexOf(value) < at);
    if (twice >= 0) return { wrong: `${values[twice]} is chosen twice.`, first: selects[twice] };
    const missing = table.columns.filter((ours) => ours.required && !values.includes(ours.name));
    if (!missing.length) return {};
    return {
      wrong: `Still missing: ${list(missing.map((ours) => ours.name))}.`,
      first: selects.find((select) => !select.value) ?? selects[0],
    };
  }

  function showState() {
    const { wrong } = validate();
    state.textContent = wrong ?? "All that is needed is there.";
    state.className = wrong ? "bad-text" : "quiet";
  }

  return {
    title: "Which of its columns is which of ours?",
    node,
    validate,
    value: () =>
      JSON.stringify(
        Object.fromEntries(asked.map(({ name }, at) => [name, selects[at].value || null])),
      ),
  };
}

function pair({ name, samples }, select) {
  const values = samples.map((text) => h("li", {}, text || h("span", { class: "quiet" }, "empty")));
  const shown = h("ul", { class: "samples", id: `${select.id}-values` }, values);
  select.setAttribute("aria-describedby", shown.id);
  return h(
    "div",
    { class: "pair" },
    h("div", {}, h("label", { for: select.id }, name), shown),
    select,
  );
}

const optionText = ({ name, data_type: type, required }) =>
  `${name} (${TYPES[type]}${required ? "" : ", may be missing"})`;
