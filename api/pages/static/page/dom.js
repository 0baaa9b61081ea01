// Elements from values. Texts only ever become text nodes, so no row can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `class`, `on` (listeners by event), properties such as `value`, and
 * attributes. Children are nodes, texts, numbers or arrays; null, false and "" are none. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  element.append(...flat(children));
  return element;
}

export function replace(parent, ...children) {
  parent.replaceChildren(...flat(children));
  return parent;
}

/** An icon of one path, drawn in a square of 24; for the eye alone. */
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v10H9zM5 15V5h10",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  download: "M12 4v11m-5-5l5 5 5-5M5 20h14",
  key: "M14.5 9.5a4.5 4.5 0 1 0-3.6 4.4L13 16h2v2h2v2h3v-3l-5.7-5.7a4.5 4.5 0 0 0 .2-1.8zM8.5 8.5h.01",
  light:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6L7 7M17 17l1.4 1.4M5.6 18.4L7 17M17 7l1.4-1.4",
  upload: "M12 16V5m-5 5l5-5 5 5M5 20h14",
};

const PROPERTIES = new Set([
  "checked",
  "disabled",
  "hidden",
  "multiple",
  "open",
  "required",
  "selected",
  "value",
]);

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "class") element.className = value;
  else if (name === "on")
    for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
  else if (PROPERTIES.has(name)) element[name] = value;
  else element.setAttribute(name, value === true ? "" : value);
}

function flat(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

/** Say something to those who do not see it appear. */
export function say(text) {
  document.getElementById("said").textContent = text;
}
