"""A file's encoding: what its sender says, or its first bytes prove."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

from api.errors import BadParameter, UnreadableFile
from api.foreign_text import quoted

UTF8 = "utf-8"
# The longer mark first: that of UTF-16 begins it.
_MARKS = {
    codecs.BOM_UTF8: UTF8,
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What a file of one byte a character most likely is, by what it is called in a form.
_LIKELY = {
    "windows-1252": "cp1252",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "macintosh": "mac-roman",
    "ibm850": "cp850",
}
# The families that offices write. Others of Python's are no encodings of files.
_KNOWN = re.compile(
    "utf_?(8|16|32)(_?[lb]e)?|(cp|windows_?)125[0-8]|iso8859_?[0-9]+|latin_?1|ascii"
    "|cp(437|737|775|85[0-8]|86[0-9]|874|93[26]|949|950)|mac_?(roman|latin2|cyrillic)"
    "|koi8_?[ru]|shift_jis|euc_(jp|kr)|gb2312|gbk|gb18030|big5"
)


def encoding_named(label: str) -> str:
    """The encoding's name as Python has it; raises BadParameter."""
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        name = ""
    if not _KNOWN.fullmatch(name.replace("-", "_")):
        raise BadParameter(
            f"encoding={quoted(label)[1:-1]} is none that is known. Excel writes utf-8,"
            " utf-16 or windows-1252."
        )
    # Who says Latin-1 means this, as every browser knows: the rest are controls.
    return "cp1252" if name in ("iso8859-1", "latin-1", "ascii") else name


def encoding_of(start: bytes, said: str | None) -> str:
    """The encoding of the file that begins like this; raises UnreadableFile."""
    marked = next((n for mark, n in _MARKS.items() if start.startswith(mark)), None)
    if (
        said
        and marked
        and not said.replace("-", "").startswith(marked.replace("-", ""))
    ):
        raise UnreadableFile(
            f"The file begins with the byte order mark of {marked}, so it is not"
            f" {said}, as encoding says. Leave the field out."
        )
    return marked or said or UTF8


def label_of(encoding: str) -> str:
    """What the encoding is called in a form."""
    return next((label for label, n in _LIKELY.items() if n == encoding), encoding)


def readings_of(line: bytes) -> dict[str, str]:
    """The line as it reads in each encoding that it may be in."""
    read = {}
    for label, encoding in _LIKELY.items():
        with suppress(UnicodeDecodeError):
            read[label] = line.decode(encoding)
    return read
