// Sending a file, and what becomes of it: sent, checked and stored, built.

import { json, Offline, Problem, withKey } from "./api.js";
import { live } from "./live.js";

const LOOK = 400;

/** Would it be loaded? Tells of header, first rows and what is refused; without a table,
 * which ones it fits. Stores nothing. `said` are the form fields that say how it is read. */
export async function tryOut(blob, name, { table, said }, signal) {
  const body = form(blob, name, { ...said, table_name: table, dry_run: true });
  return json("upload_csv", { method: "POST", body, signal });
}

/** Send a file to be loaded; answers the receipt once it is stored. What is said of it can be
 * kept for the next one, to `remember`. `progress` is called with the part that was sent, from 0 to 1.
 * The same `key` makes trying again safe. */
export async function send(file, { table, mode, said, remember, key, progress }) {
  const body = form(file, file.name, { ...said, table_name: table, mode, remember });
  return withKey((keyHeader) => sent(body, { ...keyHeader, "Idempotency-Key": key }, progress));
}

/** A name for one request that no other request has. */
export function requestKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** Take a load out, or bring it back by the number of its undo: the entry, once it is built. */
export async function undo(loadId) {
  const headers = { Prefer: "respond-async" };
  const made = await json(`loads/${loadId}`, { method: "DELETE", headers });
  return built(made.load_id);
}

/** The load once a build has held it, good or failed. */
export async function built(loadId) {
  for (;;) {
    const load = await lookAt(loadId);
    if (load && load.build.status !== "pending") {
      live.look();
      return load;
    }
    await new Promise((done) => setTimeout(done, LOOK));
  }
}

async function lookAt(loadId) {
  try {
    return await json(`loads/${loadId}`);
  } catch (error) {
    // It is stored; the server will be back.
    if (error instanceof Offline || error.status >= 500) return null;
    throw error;
  }
}

function form(blob, name, fields) {
  const body = new FormData();
  for (const [field, value] of Object.entries(fields)) if (value) body.append(field, value);
  body.append("csv_file", blob, name);
  return body;
}

// `fetch` does not report progress.
function sent(body, headers, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "upload_csv");
    request.setRequestHeader("Prefer", "respond-async");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener(
      "progress",
      (event) => event.lengthComputable && progress(event.loaded / event.total),
    );
    request.upload.addEventListener("load", () => progress(1));
    request.addEventListener("error", () => reject(new Offline()));
    request.addEventListener("load", () => {
      const body = parsed(request.responseText);
      if (request.status < 300) resolve(body);
      else reject(new Problem(request.status, body));
    });
    request.send(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
