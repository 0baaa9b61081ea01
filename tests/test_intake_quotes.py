"""A quote that is wrong costs its own record: no other row is lost inside a cell."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tables import HIRES, JOBS, ROW, SMALL, WORDS, codes, read

from api.intake.quotes import QuoteRepair

STRAY = "stray_quote"


@pytest.mark.parametrize(
    ("content", "loaded", "rejected"),
    [
        ('1,"Cook"x\n2,Smith\n', [2], [(1, STRAY)]),
        ('1,"Cook" x\n2,Smith\n', [2], [(1, STRAY)]),
        ('1,"Cook" \n2,"Smith"\t\n', [1, 2], []),
        ('1,"Co"ok"\n2,"Smith"\n', [2], [(1, STRAY)]),
        ('1,"Co\\"ok"\n2,Smith\n', [2], [(1, STRAY)]),
        ('1,"12" pipes"\n2,Smith\n', [2], [(1, STRAY)]),
        ('1,12" pipes\n2,the "good" one\n', [1, 2], []),
        ('1,"Cook""\n2,Smith\n3,"HR"\n', [2, 3], [(1, STRAY)]),
        ('1,"Cook\n2,Smith\n3,"HR"\n', [2, 3], [(1, STRAY)]),
        ('1,Cook\n2,"Smith\n3,HR\n', [1, 3], [(2, STRAY)]),
        ('1,"Co\nok"\n2,"Smith', [1], [(3, STRAY)]),
        ('1,Cook\n"', [1], [(2, STRAY)]),
        ('1,"a\nb","c\n3,HR\n', [3], [(1, STRAY)]),
        ('"1","Cook\n"2","Smith"\n', [2], [(1, STRAY)]),
        ('1,"Cook\n2,x,"Smith"\n3,HR\n', [3], [(1, STRAY), (2, "wrong_width")]),
        ('\ufeff1,"Cook"\n\ufeff"2","Smith"\n', [1, 2], []),
        ('1, "Cook"\n2,Smith\n', [2], [(1, STRAY)]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_wrong_quote_costs_its_own_record(
    content: str, loaded: list[int], rejected: list[tuple[int, str]], end: str
) -> None:
    for last in ("", end):
        text = content.rstrip("\n").replace("\n", end) + last
        rows, rejects = read(JOBS, text)
        assert [row["id"] for row in rows] == loaded
        assert codes(rejects) == rejected


def test_the_line_of_the_quote_is_told_and_the_record_is_kept_as_it_stood() -> None:
    _, (reject,) = read(JOBS, '1,Cook\n2,"a ""b""\nc","d\n3,HR\n')
    assert (reject.line, reject.raw) == (2, '2,"a ""b""\nc","d')
    assert reject.defects[0].message == (
        "a double quote opened on line 3 does not close its cell: close it right before"
        " the next comma, and double each one that belongs to the text"
    )


def test_a_table_of_one_column_has_wrong_quotes_too() -> None:
    rows, rejects = read(WORDS, 'hello\n"you\n"there"\n')
    assert [row["word"] for row in rows] == ["hello", "there"]
    assert codes(rejects) == [(2, STRAY)]


def test_quotes_left_open_on_every_line_are_read_in_passing() -> None:
    """Nothing is searched twice: 2 MB take as long as any other 2 MB."""
    content = b'1,"x\n' + b'2,""y\n' * 300_000
    quotes = QuoteRepair(2, most=1 << 20)
    repaired = quotes.repair(content, is_last=True)
    assert repaired.count(b"\n") == 300_001


NAMES = st.text("ab ,", max_size=6).map("x{}x".format)


@given(
    names=st.lists(NAMES, min_size=2, max_size=30),
    data=st.data(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quotes_all=st.booleans(),
    block_size=st.sampled_from([SMALL, 1000, 1 << 20]),
)
@settings(max_examples=150, deadline=None)
def test_one_quote_too_many_or_too_few_costs_one_row(
    names: list[str], data: st.DataObject, end: str, quotes_all: bool, block_size: int
) -> None:
    lines = [f'{number},"{name}"' for number, name in enumerate(names)]
    if quotes_all:
        lines = ['"' + line.replace(",", '",', 1) for line in lines]
    bad = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[bad]) - 1))
    line = lines[bad]
    is_quote = line[place] == '"'
    lines[bad] = line[:place] + ("" if is_quote else '"') + line[place + is_quote :]
    rows, rejects = read(JOBS, end.join(lines), block_size)
    assert len(rows) + len(rejects) == len(lines)
    assert {row["id"]: row["job"] for row in rows if row["id"] != bad} == {
        number: name for number, name in enumerate(names) if number != bad
    }


@given(cells=st.lists(st.text('ab",\r\n \ufeff', max_size=6), max_size=30))
@settings(max_examples=200, deadline=None)
def test_what_is_right_is_not_touched(cells: list[str]) -> None:
    content = "".join(
        '{},"{}"\n'.format(number, cell.replace('"', '""'))
        for number, cell in enumerate(cells)
    ).encode()
    for size in (7, 50, 1000):
        quotes = QuoteRepair(2, most=10_000)
        parts = range(0, len(content), size)
        repaired = [
            quotes.repair(content[part : part + size], part == parts[-1])
            for part in parts
        ]
        assert b"".join(repaired) == content


def test_a_header_in_the_file_does_not_hide_a_wrong_quote() -> None:
    content = f'{",".join(HIRES.column_names)}\n{ROW}2,"Bo,2021-11-07,1,1\n3{ROW[1:]}'
    rows, rejects = read(HIRES, content)
    assert [row["id"] for row in rows] == [1, 3]
    assert codes(rejects) == [(3, STRAY)]
