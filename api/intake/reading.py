"""How a file is to be read: as its sender says, and as its first rows prove.

The contract is the sniffer: of the possible readings, the one under which the rows fit
the table is taken. If several fit, or might, the sender is asked.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from api.contract import Dates, Table
from api.errors import (
    AmbiguousReading,
    BadParameter,
    HeaderMismatch,
    Problem,
    UnknownHeader,
    choice_question,
)
from api.intake.blanks import bare
from api.intake.cells import check
from api.intake.dates import Row, resolve_dates
from api.intake.encodings import UTF8
from api.intake.header import DELIMITERS, RECORDS, delimiters_in, layout_of, records_of
from api.intake.layout import Layout, Names
from api.intake.options import Remembered, RememberedReading, Said
from api.intake.quotes import QuoteRepair
from api.wording import cut, did_you_mean, quoted

_DECIMAL_COMMA = re.compile(r"^(-?[0-9]+),([0-9]+)$")
_CHARACTERS = 200  # of a row that is shown
_SAMPLE = 500  # rows that are checked under each reading


@dataclass(frozen=True)
class Reading:
    """How the records of a file are read.

    `dates` is the order of day and month, if the file has one, and `names` are those of
    the table with that order. `above` counts the lines before the rows; `good` of the
    `rows` of the sample fit.
    """

    names: Names
    layout: Layout
    delimiter: str
    dates: Dates | None
    above: int
    rows: int
    good: int


@dataclass(frozen=True)
class _Candidate:
    """A possible reading, and which rows of the sample are good under it."""

    reading: Reading
    good: frozenset[int]
    rows: list[Row]
    question: AmbiguousReading | None

    @property
    def fits(self) -> bool:
        return len(self.good) == len(self.rows) > 0

    @property
    def sample(self) -> str:
        """The first good row, to be shown."""
        return cut(" | ".join(self.rows[min(self.good)][0]), _CHARACTERS)

    def accept(self) -> Reading:
        """The reading; raises AmbiguousReading if there is a question about it."""
        if self.question:
            raise self.question
        return self.reading


def reading_of(
    table: Table, head: bytes, is_all: bool, line: int, said: Said
) -> Reading:
    """The one reading under which the first rows fit the table.

    `head` begins on the line `line`; `is_all` if it is the whole file. Raises
    AmbiguousReading, UnknownHeader or HeaderMismatch.
    """
    names = Names(table, _columns(table, said))
    candidates, problems = _try_delimiters(names, head, is_all, line, said)
    headed = [c for c in candidates if c.reading.layout.header]
    # A file that has or may have a header is not read by position.
    by_position = [c for c in candidates if 0 in c.good or not problems]
    fitting = _fitting(headed or by_position)
    if any(other.rows != fitting[0].rows for other in fitting[1:]):
        raise _ambiguous_delimiter(table, fitting)
    if fitting:
        _check_decimal_commas(fitting[0], candidates)
        return fitting[0].accept()
    if not headed and problems:
        # The problem of the delimiter that occurs most often.
        raise max(problems, key=lambda problem: problem[0])[1]
    return (headed or candidates)[0].accept()


def _try_delimiters(
    names: Names, head: bytes, is_all: bool, line: int, said: Said
) -> tuple[list[_Candidate], list[tuple[int, Problem]]]:
    """The possible readings, and the problems of other delimiters with their counts."""
    candidates: list[_Candidate] = []
    problems: list[tuple[int, Problem]] = []
    for delimiter in [said.delimiter] if said.delimiter else delimiters_in(head):
        text = QuoteRepair(0, len(head), delimiter).repair(head, is_all).decode()
        try:
            candidates.append(_try_delimiter(names, text, line, delimiter, said))
        except (HeaderMismatch, UnknownHeader, AmbiguousReading) as problem:
            problems.append((text.count(delimiter), problem))
    return candidates, problems


def _fitting(candidates: list[_Candidate]) -> list[_Candidate]:
    """The candidates under which all rows fit, or else those under which some do."""
    fitting = [c for c in candidates if c.fits] or [c for c in candidates if c.good]
    if all(candidate.reading.layout.width == 1 for candidate in fitting):
        # A delimiter that separates no cells decides nothing, but may hide a blank row.
        fitting = sorted(fitting, key=lambda candidate: -len(candidate.rows))[:1]
    return fitting


def _ambiguous_delimiter(table: Table, fitting: list[_Candidate]) -> AmbiguousReading:
    samples = {c.reading.delimiter: c.sample for c in fitting}
    return AmbiguousReading(
        f"The rows fit {table.name} whether their cells are separated by"
        f" {' or '.join(map(DELIMITERS.__getitem__, samples))}."
        ' Say which in the form field delimiter, as delimiter=";".',
        question=choice_question("delimiter", samples),
    )


def _check_decimal_commas(chosen: _Candidate, candidates: list[_Candidate]) -> None:
    """Raise AmbiguousReading for `1,0;Sales`, which may be 1.0 with a decimal comma."""
    for other in candidates:
        reading = other.reading
        if chosen.reading.delimiter != "," or reading.delimiter == "," or other.fits:
            continue
        rows = [
            ([_DECIMAL_COMMA.sub(r"\1.\2", cell) for cell in cells], line)
            for cells, line in other.rows
        ]
        if len(_good(reading.names.table, reading.layout, rows)) == len(rows) > 0:
            raise AmbiguousReading(
                f"The rows fit {reading.names.table.name} by commas, and by"
                f" {DELIMITERS[reading.delimiter]} if commas stand for decimal points."
                " Write numbers with points, or say delimiter=, in the form.",
                question=choice_question("delimiter", {",": chosen.sample}),
            )


def _columns(table: Table, said: Said) -> tuple[tuple[str, str], ...]:
    """The sender's meaning of headers; raises BadParameter for an unknown column."""
    for header, name in said.columns:
        if name and name not in table.column_names:
            raise BadParameter(
                f"columns says that {quoted(header)} is {quoted(name)}, which is no"
                f" column of {table.name}{did_you_mean(name, table.column_names)}"
            )
    return said.columns


def _try_delimiter(
    names: Names, text: str, line: int, delimiter: str, said: Said
) -> _Candidate:
    """The reading with this delimiter, and the order of dates that the rows prove."""
    layout, above = layout_of(names, text, line, delimiter)
    rows = _rows(text, line, above, delimiter)
    table, dates = resolve_dates(names.table, layout, rows, said.dates)
    good = _good(table, layout, rows)
    read, counts = Names(table, names.said), (len(rows), len(good))
    reading = Reading(read, layout, delimiter, dates, above, *counts)
    question = None
    if len(good) < len(rows) and _fits_in_single_quotes(reading, text):
        question = AmbiguousReading(
            f"The rows fit {table.name} only if single quotes stand around cells, as on"
            f" line {rows[min({*range(len(rows))} - good)][1]:,}. Put double quotes in"
            " their place: a single quote belongs to the text of its cell."
        )
    return _Candidate(reading, good, rows, question)


def _fits_in_single_quotes(reading: Reading, text: str) -> bool:
    if "'" not in text or '"' in text:
        return False
    try:
        rows = _rows(text, 1, reading.above, reading.delimiter, "'")
    except csv.Error:
        return False
    return len(_good(reading.names.table, reading.layout, rows)) == len(rows)


def _rows(
    text: str, line: int, above: int, delimiter: str, quote: str = '"'
) -> list[Row]:
    """The records of the sample that are not blank, each with the line it ends on."""
    records = records_of(text, delimiter, quote)
    rows = ((cells, line - 1 + end) for cells, end in records if end > above)
    return list(islice(rows, _SAMPLE))


def _good(table: Table, layout: Layout, rows: list[Row]) -> frozenset[int]:
    """Which of the rows fit the table."""
    right = [n for n, (cells, _) in enumerate(rows) if len(cells) == layout.width]
    bad: set[int] = set()
    for column, place in zip(table.columns, layout.places, strict=True):
        if place is None:
            continue
        at = layout.columns[place]
        cells = pa.array([rows[n][0][at] for n in right], pa.string())
        bad |= {right[n] for n, _ in check(column, cells)[1]}
    return frozenset(right) - bad


def remembered_reading(
    remembered: Remembered, text: bytes, is_utf8: bool
) -> RememberedReading | None:
    """The remembered reading whose header is in the head of a file.

    `text` is decoded as UTF-8, or else in the encoding of each remembered reading.
    """
    for known in remembered:
        encoding = UTF8 if is_utf8 else known.said.encoding
        if not encoding:
            continue
        read = text.decode(encoding, errors="replace")
        marks = known.said.delimiter or delimiters_in(text)
        if any(_has_header(read, mark, known.header) for mark in marks):
            return known
    return None


def _has_header(text: str, delimiter: str, header: tuple[str, ...]) -> bool:
    return any(
        tuple(map(bare, cells)) == header
        for cells, _ in islice(records_of(text, delimiter), RECORDS)
    )
