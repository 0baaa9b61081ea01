"""The fuzzer's targets on their seeds, and on all that it has found so far."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.packed_files import zipped

sys.path.append(str(Path(__file__).parent / "fuzz"))
from targets import TARGETS  # noqa: E402

# What once broke a target; the first byte picks the table, as the target says.
FOUND: list[tuple[str, bytes]] = [
    # a zip with a file that has no name
    ("packed_file", zipped({"b.csv": b"2,Smith\n"}).replace(b"b.csv", b"\0.csv")),
    # a header by commas is one, though by bars every line were a text that fits
    ("csv_file", b'\0 ""|"|"\n'),
    # of a single column, a row that is nothing but another delimiter
    ("said_file", b"\x9c\x95;\n\xc4C\xa6oll-"),
    # a line that names none of the table's columns is no header
    ("csv_file", b"\x02x\r_line\n2,\n0\n"),
    # a number with a zero in front is no formula
    ("json_batch", b'\x02[["", "-2a", "-=", "-02 "]]'),
    # \r\n in a quoted cell, a block ending between the two
    (
        "csv_file",
        b'\x03M,2\nX"\n\nk"M,2\n,x\n10,L,1.51\n\x01\xef\xbb\xbf1,k"M,2\n,x\n20,\n\n,Ck\x03M,2\nX"\n\nk"M,2\n,x\n10,L,1.51\n\x01\xef\xbb\xbf1,k"M,2\n,x\n20,\n\n,Cko\r\n",xo\r\n",x',
    ),
]


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_pass(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].run(seed)


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_was_found_is_mended(name: str, data: bytes) -> None:
    TARGETS[name].run(data)
