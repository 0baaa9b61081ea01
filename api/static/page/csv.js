// The beginning of a file, looked at without reading all of it. The server alone judges rows.

const QUOTE = 0x22;
const LINE_FEED = 0x0a;

/** The first bytes of a file, unpacked if it is gzip: `{ bytes, whole }`. */
export async function headOf(file, most) {
  const magic = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) {
    return {
      bytes: new Uint8Array(await file.slice(0, most).arrayBuffer()),
      whole: file.size <= most,
    };
  }
  const reader = file.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const parts = [];
  let length = 0;
  let whole = false;
  while (length <= most) {
    const { done, value } = await reader.read();
    whole = done;
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  if (!whole) await reader.cancel();
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return whole ? { bytes, whole } : { bytes: bytes.slice(0, most), whole };
}

/** The bytes up to the last end of a record: no row is cut, nor a quoted cell. */
export function wholeRecords(bytes) {
  let quoted = false;
  let end = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === QUOTE) quoted = !quoted;
    else if (bytes[at] === LINE_FEED && !quoted) end = at + 1;
  }
  return bytes.subarray(0, end);
}

/** The first records of a text as arrays of cells, blank lines left out. */
export function records(text, most, delimiter = ",") {
  const found = [];
  let cells = [];
  let cell = "";
  let quoted = false;
  const endCell = () => {
    cells.push(cell);
    cell = "";
  };
  const endRecord = () => {
    endCell();
    if (cells.some((text) => text.trim())) found.push(cells);
    cells = [];
  };
  text = text.replace(/^\ufeff/, "");
  for (let at = 0; at < text.length && found.length < most; at += 1) {
    const sign = text[at];
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') {
        cell += sign;
        at += 1;
      } else quoted = false;
    } else if (sign === '"' && !cell.trim()) {
      cell = "";
      quoted = true;
    } else if (sign === delimiter) endCell();
    else if (sign === "\n" || sign === "\r") {
      if (sign === "\r" && text[at + 1] === "\n") at += 1;
      endRecord();
    } else cell += sign;
  }
  if (found.length < most && (cell || cells.length)) endRecord();
  return found;
}

/** Rows copied from a spreadsheet have tabs between their cells: as commas. */
export function withCommas(text) {
  const first = text.split("\n", 1)[0];
  if (!first.includes("\t")) return text;
  const quote = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return (
    records(text, Infinity, "\t")
      .map((cells) => cells.map(quote).join(","))
      .join("\n") + "\n"
  );
}
