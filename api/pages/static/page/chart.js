// The chart of a metric, drawn by Vega from the specification that the server makes. Its
// expressions are interpreted, not compiled, so that the page's policy may forbid eval.

import { h, replace } from "./dom.js";
import { waiting } from "./parts.js";
import { cell } from "./words.js";

const NARROW = 480;
// Of a drawing of several panels: the least width of one, and what stands beside it.
const PANEL = 200;
const LABELS = 110;
const GUTTER = 28;
let loading = null;

/** Draw the specification into the box, and again when the box changes its width. */
export async function draw(box, spec, signal) {
  replace(box, waiting("Drawing the chart …"));
  const embed = await vega();
  if (signal.aborted) return;
  const canvas = h("div", { class: "canvas", "aria-hidden": "true" });
  replace(box, canvas);
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", inWords(spec));
  let width = 0;
  let view = null;
  const render = async () => {
    const now = Math.floor(box.clientWidth);
    if (!now || Math.abs(now - width) < 2 || signal.aborted) return;
    width = now;
    const drawn = await embed(canvas, fitted(spec, width), {
      ast: true,
      renderer: "svg",
      actions: false,
      defaultStyle: false,
      tooltip: tip,
      patch,
    });
    view?.finalize();
    view = drawn;
  };
  const watch = new ResizeObserver(() => render());
  watch.observe(box);
  signal.addEventListener("abort", () => {
    watch.disconnect();
    view?.finalize();
    hideTip();
  });
  await render();
}

function vega() {
  loading ??= new Promise((resolve, reject) => {
    const script = h("script", {
      src: "assets/vega.js",
      on: {
        load: () => resolve(window.vegaEmbed),
        error: () => {
          loading = null;
          script.remove();
          reject(new Error("The chart cannot be drawn: its script did not arrive."));
        },
      },
    });
    document.head.append(script);
  });
  return loading;
}

/** The specification for a box of this width; what the card says already is left out. */
function fitted(spec, width) {
  const rest = structuredClone(spec);
  delete rest.title;
  rest.background = "transparent";
  rest.padding = { left: 0, right: 4, top: 4, bottom: 4 };
  rest.config = { ...rest.config, mark: { ...rest.config?.mark, tooltip: true } };
  if (width < NARROW)
    rest.config.axis = { ...rest.config.axis, labelLimit: LABELS, labelFontSize: 11 };
  if (rest.facet) {
    // Panels of a row share the labels at its left.
    const inner = width - LABELS;
    rest.columns = Math.max(1, Math.min(rest.columns, Math.floor(inner / PANEL)));
    fit(rest.spec, Math.floor(inner / rest.columns) - GUTTER);
  } else {
    fit(rest, width);
  }
  return rest;
}

/** The width is that of the whole drawing, labels included. Said to Vega-Lite, it would warn that the height is not. */
function patch(vega) {
  return vega.layout || vega.marks.some((mark) => mark.layout)
    ? vega
    : { ...vega, autosize: { type: "fit-x", contains: "padding" } };
}

function fit(drawing, width) {
  // Columns that are a category each have a width of their own; the box scrolls.
  if (typeof drawing.width !== "object") drawing.width = Math.max(120, width);
}

/** The chart as a sentence: what is drawn, and the largest figures. */
function inWords(spec) {
  const rows = spec.data?.values ?? [];
  const encoding = (spec.spec ?? spec).layer?.[0]?.encoding;
  const title = [spec.title?.text, spec.title?.subtitle].filter(Boolean).join(". ");
  if (!encoding || !rows.length) return `Chart: ${title}. No rows.`;
  const isFigure = (channel) => channel?.type === "quantitative";
  const figure = isFigure(encoding.y) ? encoding.y : encoding.x;
  const name = figure === encoding.y ? encoding.x : encoding.y;
  const sums = new Map();
  for (const row of rows)
    sums.set(row[name.field], (sums.get(row[name.field]) ?? 0) + (row[figure.field] ?? 0));
  const largest = [...sums]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 5)
    .map(([key, sum]) => `${key} ${Math.round(sum * 100) / 100}`);
  const more = sums.size > largest.length ? `, and ${sums.size - largest.length} more` : "";
  return `Chart: ${title}. ${figure.title || figure.field}: ${largest.join(", ")}${more}. The table has every figure.`;
}

// --- what the mouse points at -----------------------------------------------------------

const tipBox = () => document.getElementById("tip");

function tip(_handler, event, _item, value) {
  if (!value || typeof value !== "object") return hideTip();
  const box = tipBox() ?? document.body.appendChild(h("div", { id: "tip", "aria-hidden": "true" }));
  const facts = Object.entries(value).map(([name, text]) => [
    h("dt", {}, name),
    h("dd", {}, cell(text, "text")),
  ]);
  replace(box, h("dl", {}, facts));
  const { width, height } = box.getBoundingClientRect();
  box.style.left = `${Math.min(event.clientX + 12, innerWidth - width - 8)}px`;
  box.style.top = `${Math.min(event.clientY + 14, innerHeight - height - 8)}px`;
}

function hideTip() {
  tipBox()?.remove();
}
