"""Builds: what was built, what failed and why."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.documents.loads import BuildBrief, Failure


@with_config(extra="forbid")
class Step(TypedDict):
    """A model, test or seed of a build."""

    name: Annotated[str, Field(examples=["stg_departments"])]
    kind: Annotated[str, Field(examples=["model"])]
    status: Annotated[str, Field(description="dbt's word.", examples=["success"])]
    seconds: Annotated[float, Field(ge=0, description="How long it took.")]


@with_config(extra="forbid")
class ProjectVersion(TypedDict):
    """What git says of the project that was built."""

    commit: Annotated[str, Field(examples=["9f2c4e1a7b30d58c6e41f0b2a9d3c7e815f6a240"])]
    author: Annotated[str, Field(examples=["Ann Example"])]
    committed_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    uncommitted_files: Annotated[
        list[str], Field(description="Files that are not as in that commit.")
    ]
    changed_files: Annotated[
        list[str],
        Field(
            description="Files that are not as in the commit that was published before."
        ),
    ]


@with_config(extra="forbid")
class JudgedBuild(TypedDict):
    """What became of a run of dbt."""

    build_id: Annotated[int, Field(ge=1, examples=[5])]
    status: Literal["published", "not_published", "failed"]
    outcome: Annotated[
        str,
        Field(
            description="What became of it, in one sentence.",
            examples=["Published departments_above_average, quarterly_hires."],
        ),
    ]
    run_by: Annotated[str, Field(examples=["the builder", "a terminal"])]
    finished_at: Annotated[str, Field(description="UTC, ISO 8601.")]


@with_config(extra="forbid")
class Build(JudgedBuild):
    """A run of dbt, and the metrics that it published."""

    started_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    last_load_id: Annotated[
        int, Field(description="The newest load in it; 0 before the first.")
    ]
    sample_data: Annotated[
        bool, Field(description="Whether it shows the sample for want of any load.")
    ]
    metrics: Annotated[
        list[str], Field(description="What it published; empty when it did not.")
    ]
    rows: Annotated[
        dict[str, Annotated[int, Field(ge=0)] | None],
        Field(
            description="How many rows each of them has; null if nobody counted.",
            examples=[{"departments_above_average": 7}],
        ),
    ]
    project: Annotated[
        ProjectVersion | None,
        Field(description="The version of it; null outside git, or by a terminal."),
    ]
    failures: Annotated[
        list[Failure], Field(description="What failed, and warnings; worst first.")
    ]


class BuildWithSteps(Build):
    """A build with the timing of each step."""

    steps: list[Step]


@with_config(extra="forbid")
class BuildAtWork(TypedDict):
    """The build that is under way, once a step of it takes longer than a second."""

    started_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    step: Annotated[str, Field(examples=["stg_departments"])]
    kind: Annotated[str, Field(description="What the step is.", examples=["model"])]
    since: Annotated[str, Field(description="When that step began: UTC, ISO 8601.")]


__all__ = [
    "Build",
    "BuildAtWork",
    "BuildBrief",
    "BuildWithSteps",
    "Failure",
    "Step",
]
