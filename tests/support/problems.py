"""Every problem that HTTP may answer."""

from __future__ import annotations

from api import errors


def problem_classes(base: type = errors.Problem) -> list[type[errors.Problem]]:
    found = [base]
    for inner in base.__subclasses__():
        found += problem_classes(inner)
    return found
