// Asking the server. All answers that are no success become a Problem, in the server's own words.

import { askForKey, forgetKey, theKey } from "./key.js";

const REFUSED = { 401: "key_required", 403: "read_only_key" };

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `The server answered ${status}.`);
    this.status = status;
    this.code = body.code || "";
    this.errors = body.errors || [];
    this.body = body;
  }
}

/** The server could not be reached. */
export class Offline extends Error {
  constructor() {
    super("The server cannot be reached. This page tries again by itself.");
  }
}

/** An answer. `quiet`: do not ask for a key, throw the Problem. */
export async function ask(
  path,
  { method = "GET", headers = {}, body, quiet = false, signal } = {},
) {
  const attempt = async (keyHeader) => {
    let answer;
    try {
      answer = await fetch(path, { method, body, signal, headers: { ...keyHeader, ...headers } });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Offline();
    }
    if (answer.ok) return answer;
    throw await problemOf(answer);
  };
  return quiet ? attempt(headerOf(theKey())) : withKey(attempt);
}

export const json = async (path, options) => (await ask(path, options)).json();

/** What `attempt` comes to, which is handed the header with the key; as long as it is refused for
 * its key and another one is given, it is tried again. */
export async function withKey(attempt) {
  for (;;) {
    const key = theKey();
    try {
      return await attempt(headerOf(key));
    } catch (problem) {
      if (!(problem instanceof Problem && (await anotherKey(problem, key)))) throw problem;
    }
  }
}

// Whether there is another key than the `had` one now to try again with.
async function anotherKey(problem, had) {
  if (problem.code !== REFUSED[problem.status] && problem.code !== "unknown_key") return false;
  if (theKey() && theKey() !== had) return true;
  if (problem.code === "unknown_key") forgetKey();
  return askForKey(
    had ? problem.message : "This needs an API key. Whoever runs the server has one for you.",
  );
}

async function problemOf(answer) {
  let body = {};
  try {
    body = await answer.json();
  } catch {
    body = { detail: `The server answered ${answer.status}, with no more to say.` };
  }
  return new Problem(answer.status, body);
}

const headerOf = (key) => (key ? { "X-API-Key": key } : {});

/** Save what an address answers as a file, with the key if there is one. */
export async function save(path, name) {
  let href = path;
  if (theKey()) href = URL.createObjectURL(await (await ask(path)).blob());
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  if (href !== path) setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
