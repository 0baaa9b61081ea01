"""The service itself: where things are, whether it is well, how it says no."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from api.documents.builds import BuildAtWork, JudgedBuild
from api.documents.readings import Question


@with_config(extra="forbid")
class Index(TypedDict):
    """Where to go on from here."""

    metrics: str
    tables: str
    loads: str
    builds: str
    status: str
    health: str
    docs: str
    openapi: str
    lineage: str


@with_config(extra="forbid")
class Alive(TypedDict):
    """The process answers."""

    status: Literal["alive"]


@with_config(extra="forbid")
class Parts(TypedDict):
    """Each part: `ready`, `ready, but` what is wrong all the same, or what it lacks."""

    metrics: Annotated[str, Field(description="Whether a build is published.")]
    builder: Annotated[
        str, Field(description="Whether one runs, and how its last build ended.")
    ]
    store: Annotated[str, Field(description="Whether rows can be read and written.")]
    contract: Annotated[str, Field(description="Whether the project's YAML holds.")]
    disk: Annotated[str, Field(description="Whether there is room.")]


@with_config(extra="forbid")
class Readiness(TypedDict):
    """Whether it can do its work."""

    status: Literal["ready", "not ready"]
    parts: Parts


@with_config(extra="forbid")
class ServedBuild(TypedDict):
    """The build whose numbers are served."""

    build_id: Annotated[int, Field(ge=1)]
    finished_at: Annotated[str, Field(description="UTC, ISO 8601.")]
    last_load_id: Annotated[
        int, Field(description="The newest load in it; 0 before the first.")
    ]
    loads: Annotated[int, Field(ge=0, description="How many loads count in it.")]
    sample_data: Annotated[
        bool, Field(description="Whether it shows the sample for want of any load.")
    ]


@with_config(extra="forbid")
class FailedStep(TypedDict):
    """A step that kept a build from being published; `/builds` tells why."""

    name: str
    kind: str
    file: str | None


@with_config(extra="forbid")
class LastBuild(JudgedBuild):
    """The build that ended last, served or not; part of the project is none."""

    failures: Annotated[list[FailedStep], Field(description="Warnings left out.")]


@with_config(extra="forbid")
class Status(TypedDict):
    """How far things have come; the same until something happens."""

    build: Annotated[
        ServedBuild | None, Field(description="Null before the first was published.")
    ]
    last_build: LastBuild | None
    building: Annotated[
        BuildAtWork | None,
        Field(description="Null while no step takes longer than a second."),
    ]
    newest_load_id: Annotated[int, Field(description="The ledger's newest entry.")]
    builder: Annotated[
        Literal["running", "away"],
        Field(description="Without one nothing that is loaded is ever built."),
    ]
    complaints: Annotated[
        list[str],
        Field(description="About the project's YAML, while what it said before holds."),
    ]


class Problem(TypedDict):
    """An answer that is not a success; RFC 9457."""

    type: Annotated[str, Field(examples=["urn:problem:bad_parameter"])]
    title: Annotated[str, Field(description="The same for every occurrence.")]
    status: Annotated[int, Field(ge=400, le=599)]
    code: Annotated[str, Field(description="A stable name, for programs to go by.")]
    detail: Annotated[str, Field(description="What is wrong here, how to mend it.")]
    errors: NotRequired[
        Annotated[list[Any], Field(description="Rows and columns concerned.")]
    ]
    declared: NotRequired[
        Annotated[list[str], Field(description="The parameters that there are.")]
    ]
    question: NotRequired[Question]
    received: NotRequired[int]
    rejected: NotRequired[int]
