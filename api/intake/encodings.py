"""A file's encoding: as its sender says, or as its first bytes prove."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

from api.errors import BadParameter, UnreadableFile
from api.wording import quoted

UTF8 = "utf-8"
# The longer mark first: that of UTF-16 begins it.
_MARKS = {
    codecs.BOM_UTF8: UTF8,
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# The likeliest single-byte encodings, by their names in a form.
_LIKELY = {
    "windows-1252": "cp1252",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "macintosh": "mac-roman",
    "ibm850": "cp850",
}
_SINGLE_BYTE = re.compile("cp(125|4|7|85|86)|iso|mac|koi")
# The families that office programs write. Python's other codecs are no file encodings.
_KNOWN = re.compile(
    "utf_?8(_sig)?|utf_?(16|32)(_?[lb]e)?|(cp|windows_?)125[0-8]|iso8859_?[0-9]+|latin_?1|ascii"
    "|cp(437|737|775|85[0-8]|86[0-9]|874|93[26]|949|950)|mac_?(roman|latin2|cyrillic)"
    "|koi8_?[ru]|shift_jis|euc_(jp|kr)|gb2312|gbk|gb18030|big5"
)

_MEANT = {
    # Latin-1 means Windows-1252, as in every browser: the difference is control codes.
    "iso8859-1": "cp1252",
    "ascii": UTF8,
    "utf-8-sig": UTF8,
}


def parse_encoding(label: str) -> str:
    """Python's name of an encoding; raises BadParameter."""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        name = ""
    if not _KNOWN.fullmatch(name.replace("-", "_")):
        raise BadParameter(
            f"encoding={quoted(label)[1:-1]} is none that is known. Excel writes utf-8,"
            " utf-16 or windows-1252."
        )
    return _MEANT.get(name, name)


def detect_encoding(start: bytes, said: str | None) -> str:
    """The encoding of a file by its first bytes; raises UnreadableFile."""
    marked = next((n for mark, n in _MARKS.items() if start.startswith(mark)), None)
    if said and marked and not marked.startswith(said):
        raise UnreadableFile(
            f"The file begins with the byte order mark of {marked}, so it is not"
            f" {said}, as encoding says. Leave the field out."
        )
    if not marked and said in ("utf-16", "utf-32"):
        raise UnreadableFile(
            f"The file has no byte order mark, which tells the two kinds of {said}"
            f" apart. Say encoding={said}-le, as Windows writes it, or {said}-be."
        )
    return marked or said or UTF8


def form_label(encoding: str) -> str:
    """The name of the encoding in a form."""
    return next((label for label, n in _LIKELY.items() if n == encoding), encoding)


def decodings_of(line: bytes) -> dict[str, str]:
    """The line decoded in each of the likely encodings."""
    texts = {}
    for label, encoding in _LIKELY.items():
        with suppress(UnicodeDecodeError):
            texts[label] = line.decode(encoding)
    return texts


def check_not_utf8(start: bytes, encoding: str, is_all: bool) -> None:
    """Raise UnreadableFile if bytes of a single-byte encoding are UTF-8.

    Text in such an encoding that is not ASCII is hardly ever valid UTF-8.
    """
    if not _SINGLE_BYTE.match(encoding):
        return
    try:
        codecs.getincrementaldecoder(UTF8)().decode(start, is_all)
    except UnicodeDecodeError:
        return
    place = next(n for n, byte in enumerate(start) if byte > 127)
    text = start[max(0, start.rfind(b"\n", 0, place) + 1, place - 20) : place + 20]
    meant, read = (
        quoted(text.decode(name, "ignore").partition("\n")[0].strip())
        for name in (UTF8, encoding)
    )
    raise UnreadableFile(
        f"The file is UTF-8: it reads {meant}, and not {read}, as it would in"
        f" {encoding}, which encoding says. Leave the field out."
    )


def guess_utf16(text: bytes) -> str | None:
    """The likely byte order of UTF-16, by the positions of NULs; None if it is not."""
    first, second = text[::2].count(0), text[1::2].count(0)
    if max(first, second) <= len(text) // 4:
        return None
    return "utf-16-be" if first > second else "utf-16-le"
