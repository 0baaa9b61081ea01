"""Made-up hires as CSV files and batches, the same ones every time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

HEADER = "id,name,datetime,department_id,job_id"
BLOCK = 1_000_000
FIRST_SECOND, LAST_SECOND = 1_577_836_800, 1_672_531_200  # the years 2020 to 2022
DEPARTMENTS, JOBS = 12, 183
FIRST_NAMES = "Ada Ben Cem Dora Eli Fay Gus Hana Ivo Jun Kai Lea Mia Noa Oto Pia"
LAST_NAMES = "Moreau Lopez Schmidt Kowalski Rossi Tanaka Okafor Silva Novak Haas"


def write_hires(path: Path, rows: int, first_id: int, seed: int) -> Path:
    """A CSV of so many hires, with ids that count up from `first_id`."""
    random = np.random.default_rng(seed)
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"\n")
        for start in range(0, rows, BLOCK):
            block = _hires(random, first_id + start, min(BLOCK, rows - start))
            options = pa_csv.WriteOptions(include_header=False, quoting_style="none")
            pa_csv.write_csv(block, file, options)
    return path


def batches(count: int, among: int, seed: int) -> Iterator[list[list[Any]]]:
    """Batches of 1,000 rows, most of them corrections of ids up to `among`."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        ids = random.choice(max(among, 2_000), 1_000, replace=False) + 1
        columns = _hires(random, 0, 1_000).to_pydict()
        columns["id"] = ids.tolist()
        yield [list(row) for row in zip(*columns.values(), strict=True)]


def _hires(random: np.random.Generator, first_id: int, rows: int) -> pa.Table:
    moments = pa.array(random.integers(FIRST_SECOND, LAST_SECOND, rows))
    text = pc.cast(pc.cast(moments, pa.timestamp("s")), pa.string())
    text = pc.utf8_replace_slice(text, start=10, stop=11, replacement="T")
    names = [
        pa.array(random.choice(np.array(known.split()), rows))
        for known in (FIRST_NAMES, LAST_NAMES)
    ]
    return pa.table(
        {
            "id": pa.arange(first_id, first_id + rows),
            "name": pc.binary_join_element_wise(*names, " "),
            "datetime": pc.binary_join_element_wise(text, "Z", ""),
            "department_id": random.integers(1, DEPARTMENTS + 1, rows),
            "job_id": random.integers(1, JOBS + 1, rows),
        }
    )
