// Numbers, times and sizes as people read them: words in English, figures as the reader's locale has them.

import { h } from "./dom.js";

const whole = new Intl.NumberFormat();
const real = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });

const longDays = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeZone: "UTC" });

export const TYPES = {
  integer: "whole number",
  real: "number",
  text: "text",
  boolean: "true or false",
  date: "date",
  timestamp: "date and time",
};

export const number = (value) => (Number.isInteger(value) ? whole : real).format(value);

/** "1 row", "3 rows". */
export const count = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

export const list = (items) => new Intl.ListFormat("en").format(items);

export function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB"];
  let place = -1;
  do {
    bytes /= 1000;
    place += 1;
  } while (bytes >= 999.5 && place < units.length - 1);
  return `${bytes < 10 ? real.format(Math.round(bytes * 10) / 10) : whole.format(Math.round(bytes))} ${units[place]}`;
}

export function duration(seconds) {
  if (seconds < 1) return `${whole.format(Math.round(seconds * 1000))} ms`;
  if (seconds < 90) return `${real.format(Math.round(seconds * 10) / 10)} s`;
  return `${whole.format(Math.round(seconds / 60))} min`;
}

export function ago(moment) {
  const seconds = Math.max(0, (Date.now() - Date.parse(moment)) / 1000);
  if (seconds < 2) return "just now";
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h ago`;
  return count(Math.round(seconds / 86_400), "day") + " ago";
}

export const day = (text) => days.format(new Date(text));

/** "3 April 2021", where it matters which part is the month. */
export const longDay = (text) => longDays.format(new Date(text));

export const moment = (text) => moments.format(new Date(text));

/** A time that says how long ago it was, and goes on saying it. */
export function since(text) {
  return h("time", { datetime: text, title: moment(text), "data-since": text }, ago(text));
}

/** Bring all `since` up to date. */
export function tick() {
  for (const time of document.querySelectorAll("time[data-since]")) {
    const text = ago(time.dataset.since);
    if (time.textContent !== text) time.textContent = text;
  }
}

/** A value of a column; `isMeasure` distinguishes a figure from a name of digits. */
export function cell(value, type, isMeasure) {
  if (value === null || value === undefined)
    return h("span", { class: "nothing", title: "no value" }, "–");
  if (type === "boolean") return value ? "yes" : "no";
  if (type === "timestamp") return h("time", { datetime: value, title: value }, moment(value));
  if (type === "date") return h("time", { datetime: value }, day(value));
  if (typeof value === "number" && isMeasure) return number(value);
  return String(value);
}
