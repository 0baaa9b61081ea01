"""The two metrics computed by pandas alone, from the rows that ought to count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

Rows = list[dict[str, Any]]


def read_seeds(folder: Path) -> dict[str, pd.DataFrame]:
    """The sample's three tables."""
    return {path.stem: pd.read_csv(path) for path in sorted(folder.glob("*.csv"))}


def employees_per_department(tables: dict[str, pd.DataFrame], year: int) -> Rows:
    """department, job and Q1 to Q4, ordered by department and job."""
    hires = _dated(tables["hired_employees"])
    hires = hires[hires["at"].dt.year == year]
    joined = hires.merge(
        tables["departments"],
        left_on="department_id",
        right_on="id",
        suffixes=("", "_d"),
    ).merge(tables["jobs"], left_on="job_id", right_on="id", suffixes=("", "_j"))
    joined["quarter"] = "Q" + joined["at"].dt.quarter.astype(str)
    counts = joined.pivot_table(
        index=["department", "job"], columns="quarter", aggfunc="size", fill_value=0
    ).reindex(columns=["Q1", "Q2", "Q3", "Q4"], fill_value=0)
    return _rows(counts.reset_index().sort_values(["department", "job"]))


def departments_above_average(tables: dict[str, pd.DataFrame], year: int) -> Rows:
    """id, department and hired, the most first."""
    rows = departments_and_the_mean(tables, year)
    return [{key: row[key] for key in ("id", "department", "hired")} for row in rows]


def departments_and_the_mean(tables: dict[str, pd.DataFrame], year: int) -> Rows:
    """The same with the mean that they are above, which is over all departments."""
    hires = _dated(tables["hired_employees"])
    counts = hires[hires["at"].dt.year == year].groupby("department_id").size()
    found = tables["departments"].copy()
    found["hired"] = found["id"].map(counts).fillna(0).astype(int)
    found["mean"] = found["hired"].mean()
    ordered = found[found["hired"] > found["mean"]].sort_values(
        ["hired", "department", "id"], ascending=[False, True, True]
    )
    return _rows(ordered[["id", "department", "hired", "mean"]])


def _dated(hires: pd.DataFrame) -> pd.DataFrame:
    return hires.assign(
        at=pd.to_datetime(hires["datetime"], utc=True, format="ISO8601")
    )


def _rows(frame: pd.DataFrame) -> Rows:
    rows: Rows = frame.to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]
