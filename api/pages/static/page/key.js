// The API key: asked for once, kept for the session of this tab alone.

import { h } from "./dom.js";

const PLACE = "api-key";
let asking = null;

export const theKey = () => sessionStorage.getItem(PLACE) || "";

export function forgetKey() {
  sessionStorage.removeItem(PLACE);
  document.dispatchEvent(new Event("key"));
}

/** Ask for a key, once for all who ask meanwhile; false when none is given. */
export function askForKey(why) {
  asking ??= dialog(why).finally(() => (asking = null));
  return asking;
}

function dialog(why) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const input = h("input", {
      type: "password",
      id: "key",
      name: "key",
      required: true,
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": "key-why",
    });
    const end = (given) => {
      if (given) {
        sessionStorage.setItem(PLACE, given);
        document.dispatchEvent(new Event("key"));
      }
      box.remove();
      before?.focus?.();
      resolve(Boolean(given));
    };
    const form = h(
      "form",
      {
        on: {
          submit: (event) => {
            event.preventDefault();
            if (input.value.trim()) end(input.value.trim());
          },
        },
      },
      h("h2", { id: "key-title" }, "API key"),
      h("p", { id: "key-why" }, why),
      h("label", { for: "key" }, "Key"),
      input,
      h(
        "p",
        { class: "quiet" },
        "It is kept in this tab until you close it, and sent to this server alone.",
      ),
      h(
        "div",
        { class: "row end" },
        h("button", { type: "button", on: { click: () => end("") } }, "Not now"),
        h("button", { type: "submit", class: "main" }, "Use this key"),
      ),
    );
    const box = h(
      "dialog",
      {
        "aria-labelledby": "key-title",
        on: {
          cancel: (event) => {
            event.preventDefault();
            end("");
          },
        },
      },
      form,
    );
    document.body.append(box);
    box.showModal();
    input.focus();
  });
}
