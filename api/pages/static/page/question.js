// What is asked of a person about a file: one of several readings, or what its columns are.

import { h, say } from "./dom.js";
import { mapping } from "./mapping.js";
import { notice } from "./parts.js";
import { delimiterName, encodingName } from "./reading.js";
import { longDay } from "./words.js";

const DATES = { day_first: "Day first", month_first: "Month first" };
const ASKED = {
  encoding: () => ({
    title: "In which of these does the line read right?",
    name: encodingName,
    sample: (text) => h("code", {}, text),
  }),
  delimiter: () => ({
    title: "What stands between the cells?",
    name: (value) => capital(delimiterName(value)),
    sample: (text) => h("code", {}, text),
  }),
  dates: ({ columns: [{ samples }] }) => ({
    title: `Which day is ${samples[0]}?`,
    name: (value) => DATES[value],
    sample: (text) => `${samples[0]} is ${longDay(text)}`,
  }),
  sheet: () => ({
    title: "Which of these holds the rows?",
    name: (value) => value,
    sample: (text) => h("code", {}, text),
  }),
};

/** A form that asks; `answer(value)` is called with the choice. `objection` is what was
 * wrong with the answer before. */
export function questionForm(question, { table, objection, answer, end }) {
  const asked = question.field === "columns" ? mapping(question, table) : choices(question);
  const form = h(
    "form",
    { class: "question stack", novalidate: true, on: { submit } },
    objection && notice("warn", "That does not fit", h("p", {}, objection)),
    h("fieldset", {}, h("legend", {}, asked.title), asked.node),
    h("div", { class: "row" }, h("button", { class: "main" }, "Read it so"), end),
  );
  function submit(event) {
    event.preventDefault();
    const { wrong, first } = asked.validate();
    if (!wrong) return answer(asked.value());
    say(wrong);
    first.focus();
  }
  return { node: form, title: asked.title };
}

let groups = 0;

function choices(question) {
  const { title, name, sample } = ASKED[question.field](question);
  const group = `choice-${(groups += 1)}`;
  const radios = question.choices.map(({ value }) =>
    h("input", { type: "radio", name: group, value }),
  );
  const node = h(
    "div",
    { class: "options" },
    question.choices.map((choice, at) =>
      h(
        "label",
        { class: "option" },
        radios[at],
        h("span", {}, h("strong", {}, name(choice.value)), sample(choice.sample)),
      ),
    ),
  );
  const chosen = () => radios.find((radio) => radio.checked);
  return {
    title,
    node,
    value: () => chosen().value,
    validate: () => (chosen() ? {} : { wrong: "Choose one of these.", first: radios[0] }),
  };
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);
