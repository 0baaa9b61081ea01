// The first rows of a file, which show what a large one is before all of it is sent.

const HEAD_BYTES = 1 << 18;

/** All of a file, or the whole rows in its first bytes, unpacked if it is gzip. */
export async function headOf(file) {
  if (file.size <= HEAD_BYTES) return file;
  const begins = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const is = (...magic) => magic.every((byte, at) => begins[at] === byte);
  // Of a zip or workbook no part can be read without the rest.
  if (is(0x50, 0x4b) || is(0xd0, 0xcf)) return file;
  try {
    const head = is(0x1f, 0x8b) ? await unpacked(file) : file.slice(0, HEAD_BYTES);
    return new Blob([wholeRows(await head.arrayBuffer())]);
  } catch {
    // What is wrong with it the server has words for.
    return file;
  }
}

async function unpacked(file) {
  const reader = file.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const parts = [];
  for (let length = 0; length < HEAD_BYTES; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  await reader.cancel();
  return new Blob(parts).slice(0, HEAD_BYTES);
}

/** The characters up to the last end of a line that is in no quotes, if there is one. */
function wholeRows(buffer) {
  const bytes = new Uint8Array(buffer);
  // The byte order marks of UTF-16 differ in nothing but their order.
  const isUtf16 = bytes.length % 2 === 0 && bytes[0] * bytes[1] === 0xff * 0xfe;
  const characters = isUtf16 ? new Uint16Array(buffer) : bytes;
  const isOneOf = (mark) => (one) => one === mark || one === mark << 8;
  const [isQuote, isEnd] = [isOneOf(0x22), isOneOf(0x0a)];
  let isQuoted = false;
  let end = 0;
  for (let at = 0; at < characters.length; at += 1) {
    if (isQuote(characters[at])) isQuoted = !isQuoted;
    else if (isEnd(characters[at]) && !isQuoted) end = at + 1;
  }
  return characters.subarray(0, end || characters.findLastIndex(isEnd) + 1 || characters.length);
}
