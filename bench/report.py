"""What was measured, as a table in Markdown with a verdict for each target."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Line:
    """One target: what we took, what the other took, and how the two compare.

    `least` or `most` is what `value` has to reach; without either it is only shown.
    """

    work: str
    ours: str
    other: str
    value: float
    unit: str = "×"
    most: float | None = None
    least: float | None = None

    @property
    def target(self) -> str:
        if self.most is not None:
            return f"≤ {self.most:g} {self.unit}"
        return f"≥ {self.least:g} {self.unit}" if self.least is not None else "shown"

    @property
    def verdict(self) -> str:
        if self.most is not None:
            return "reached" if self.value <= self.most else "missed"
        if self.least is not None:
            return "reached" if self.value >= self.least else "missed"
        return ""


def table(lines: list[Line]) -> str:
    """All lines as a Markdown table."""
    head = ["work", "ours", "against", "result", "target", ""]
    rows = [head, ["---"] * len(head)]
    for line in lines:
        result = f"{line.value:.2f} {line.unit}"
        rows.append(
            [line.work, line.ours, line.other, result, line.target, line.verdict]
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def seconds(taken: list[float]) -> str:
    return f"{median(taken):.2f} s"
