// Light or dark: as the system has it, unless the reader says otherwise on this machine.

import { h, icon, ICONS, replace } from "./dom.js";

const PLACE = "theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export const theme = () =>
  document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");

export function startTheme() {
  const kept = localStorage.getItem(PLACE);
  if (kept) document.documentElement.dataset.theme = kept;
  dark.addEventListener("change", announce);
}

export function themeButton() {
  const button = h("button", { type: "button", class: "tool", on: { click: turn } });
  const show = () => {
    const other = theme() === "dark" ? "light" : "dark";
    replace(button, icon(ICONS[other]));
    button.setAttribute("aria-label", `Show in ${other} colours`);
    button.title = `Show in ${other} colours`;
  };
  document.addEventListener("theme", show);
  show();
  return button;
}

function turn() {
  const other = theme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = other;
  localStorage.setItem(PLACE, other);
  announce();
}

function announce() {
  document.dispatchEvent(new Event("theme"));
}
