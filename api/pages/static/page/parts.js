// What several views are put together from: notices, states of nothing, buttons that save and copy.

import { Offline, save } from "./api.js";
import { h, icon, ICONS, replace, say } from "./dom.js";

/** A notice; `kind` is info, good, warn or bad. */
export function notice(kind, title, ...more) {
  return h(
    "div",
    { class: `notice ${kind}` },
    h("strong", {}, title),
    more.length > 0 && h("div", {}, more),
  );
}

/** What went wrong, as the server explains it, with a way to try again. */
export function trouble(error, again) {
  const title =
    error instanceof Offline ? "No connection" : error.body?.title || "That did not work";
  return notice(
    "bad",
    title,
    h("p", {}, error.message),
    again && h("button", { type: "button", on: { click: again } }, "Try again"),
  );
}

/** Nothing there (yet), and what to do about it. */
export function empty(title, ...more) {
  return h("div", { class: "empty" }, h("strong", {}, title), h("p", {}, more));
}

export const waiting = (what) =>
  h(
    "div",
    { class: "waiting", role: "status" },
    h("span", { class: "spinner", "aria-hidden": "true" }),
    what,
  );

const rounds = new WeakMap();

/** Show what `load` comes to, a state of waiting before, the trouble if there is any. Of
 * several at the same time the last one is shown, whichever of them answers first. */
export async function show(box, what, load, signal) {
  const round = (rounds.get(box) ?? 0) + 1;
  rounds.set(box, round);
  const put = (shown) => signal.aborted || rounds.get(box) !== round || replace(box, shown);
  const timer = setTimeout(() => put(waiting(what)), box.childElementCount ? 1000 : 150);
  try {
    put(await load());
  } catch (error) {
    put(trouble(error, () => show(box, what, load, signal)));
  } finally {
    clearTimeout(timer);
  }
}

export function saveButton(text, path, name, label) {
  return h(
    "button",
    {
      type: "button",
      class: "small",
      "aria-label": label,
      on: { click: () => save(path(), name()).catch((error) => toast(error.message)) },
    },
    icon(ICONS.download),
    text,
  );
}

/** A line of text that can be taken along. */
export function copyable(text, label) {
  const code = h("code", {}, text);
  const button = h(
    "button",
    { type: "button", class: "small", on: { click: copy } },
    icon(ICONS.copy),
    "Copy",
  );
  button.setAttribute("aria-label", `Copy ${label}`);
  async function copy() {
    try {
      await navigator.clipboard.writeText(code.textContent);
      toast("Copied.");
    } catch {
      // Only pages by https may write there: then the text is marked, for the keyboard to copy.
      getSelection().selectAllChildren(code);
      toast("Marked: copy it with the keyboard.");
    }
  }
  return {
    code,
    node: h(
      "div",
      { class: "copyable" },
      h("pre", { tabindex: "0", "aria-label": label }, code),
      button,
    ),
  };
}

export const pill = (kind, text) => h("span", { class: `pill ${kind}` }, text);

/** A short message that goes away by itself, with perhaps something to do about it. */
export function toast(text, action) {
  document.querySelector(".toast")?.remove();
  const node = h(
    "div",
    { class: "toast" },
    text,
    action &&
      h(
        "button",
        {
          type: "button",
          class: "small",
          on: {
            click: () => {
              node.remove();
              action.act();
            },
          },
        },
        action.name,
      ),
  );
  document.body.append(node);
  say(text);
  setTimeout(() => node.remove(), action ? 12_000 : 4000);
}

let controls = 0;

/** A control and its name beside it. */
export function field(name, control) {
  control.id = `control-${(controls += 1)}`;
  return h("span", { class: "field" }, h("label", { for: control.id }, name), control);
}

/** Two or more choices of which one holds. */
export function choice(label, options, chosen, act) {
  const buttons = options.map(([value, text]) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": String(value === chosen),
        on: { click: () => choose(value) },
      },
      text,
    ),
  );
  function choose(value) {
    options.forEach(([other], at) =>
      buttons[at].setAttribute("aria-pressed", String(other === value)),
    );
    act(value);
  }
  return h("div", { class: "choice", role: "group", "aria-label": label }, buttons);
}

/** Names and what they stand for; pairs that are not there are left out. */
export const facts = (pairs) =>
  h(
    "dl",
    { class: "facts" },
    pairs.filter(Boolean).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
