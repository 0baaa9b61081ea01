// What is going on: the status, polled every second while the page is visible. The answer is a 304 while nothing happens.

import { Offline, json } from "./api.js";

const EVERY = 1000;
const HIDDEN_EVERY = 15_000;

/** Dispatches "status" when something has happened, "reach" when the server was lost or found. */
class Live extends EventTarget {
  status = null;
  reached = true;
  #seen = "";
  #timer = 0;
  #asking = false;
  #again = false;

  start() {
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
    document.addEventListener("key", () => this.look());
    return this.look();
  }

  /** Look now, and on from here. */
  async look() {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    clearTimeout(this.#timer);
    try {
      this.#take(await json("status", { quiet: this.status !== null }));
    } catch (error) {
      this.#reach(!(error instanceof Offline));
    }
    this.#asking = false;
    const soon = this.#again ? 0 : document.hidden ? HIDDEN_EVERY : EVERY;
    this.#again = false;
    this.#timer = setTimeout(() => this.look(), soon);
  }

  /** Call `act` at each event of the name, until the signal. */
  on(name, act, signal) {
    this.addEventListener(name, act, { signal });
  }

  /** Call `act` when what `look` finds in the status, null at first, is another than before. */
  onChange(look, act, signal) {
    const hear = ({ detail: { before, now } }) => look(before) !== look(now) && act();
    this.on("status", hear, signal);
  }

  #take(status) {
    this.#reach(true);
    const text = JSON.stringify(status);
    if (text === this.#seen) return;
    this.#seen = text;
    const before = this.status;
    this.status = status;
    this.dispatchEvent(new CustomEvent("status", { detail: { before, now: status } }));
  }

  #reach(reached) {
    if (reached === this.reached) return;
    this.reached = reached;
    this.dispatchEvent(new Event("reach"));
  }
}

export const live = new Live();
