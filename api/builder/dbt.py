"""dbt, warm in this process: parse once, build often.

Nothing else imports dbt, and this is imported when something is to be built: it takes
some seconds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext, suppress
from typing import Any

from dbt.adapters.contracts.connection import ConnectionState
from dbt.adapters.factory import FACTORY
from dbt.artifacts.schemas.results import NodeStatus
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import SeedNode
from dbt_common.invocation import get_invocation_id

from api.builder.compiled import CompiledTests
from api.builder.inputs import surroundings
from api.builder.invocation import Invocation
from api.builder.replay.builds import PlayedBuilds, interrupt
from api.builder.replay.determinism import is_timeless
from api.builder.replay.recorder import opened, recording
from api.builder.runs.facts import Nodes
from api.builder.same_project import is_same_project
from api.builder.unchanged import UnchangedNodes
from api.config import Settings
from api.contract.files import Project
from api.warehouse.engines import LEASE_OWNER

COMPILED_AUDIT = ("unique", "not_null", "accepted_values", "relationships")
DATA_ONLY = (
    *("--exclude-resource-type", "seed", "unit_test"),
    *("--exclude", *(f"test_name:{name}" for name in COMPILED_AUDIT)),
)
# A test of what is not there would be left out, and nothing published or told.
ERRORS = {"error": ["NodeNotFoundOrDisabled"]}
FAILED = {NodeStatus.Error, NodeStatus.Fail, NodeStatus.RuntimeErr}


class Dbt:
    """dbt on one project; never two invocations at once.

    `on_event` is called with every step that dbt tells of; `environ` holds the
    variables that this process was started with. Builds after a load are `played`
    without dbt where that can be done.
    """

    def __init__(
        self,
        settings: Settings,
        on_event: Callable[..., None],
        environ: Mapping[str, str],
        played: PlayedBuilds,
    ) -> None:
        self._on_event = on_event
        self._played = played
        self._environ = environ
        self._engine = settings.dbt_target
        self._warehouse = settings.warehouse_dir
        # dbt takes one of the two, and ours says which warnings are errors.
        os.environ.pop("DBT_WARN_ERROR", None)
        # dbt parses the whole project again wherever a path in its settings is new to
        # it. By relative ones a warehouse that was copied or moved keeps what was
        # parsed, which saves some seconds.
        os.environ |= {
            "DBT_LEASE_OWNER": LEASE_OWNER,
            "SHARED_STORAGE": settings.shared_place,
            "WAREHOUSE_DIR": ".",
        }
        self._manifest: Manifest | None = None
        # Ids of the tests that the last build left out, for they have passed before.
        self.known_to_pass: set[str] = set()
        project = settings.project_dir
        self._target = target = self._warehouse / "builder"
        self._project = Project(project)
        self._compiled = CompiledTests(target, COMPILED_AUDIT)
        self._unchanged = UnchangedNodes(target)
        self._common = [
            *("--project-dir", str(project)),
            *("--profiles-dir", str(project)),
            *("--target-path", str(target)),
            *("--log-level", "none"),
            *("--log-level-file", "none"),
            # It makes the folder all the same, which has to be one that it may make.
            *("--log-path", str(target)),
            *("--warn-error-options", json.dumps(ERRORS)),
            "--no-version-check",
            # Of what it writes only the docs are read; see `document`.
            "--no-write-json",
        ]

    def parse(self) -> Invocation:
        """Read the project anew; after a failure the next build has to parse first."""
        self._manifest = None
        self._played.forget()
        result = self._runner().invoke(["parse", *self._common])
        if result.success and isinstance(result.result, Manifest):
            self._manifest = result.result
            self._find_seeds(result.result)
        return _invocation(result)

    def build(
        self, data_only: bool = False, has_seeds: bool = False, digest: str = ""
    ) -> Invocation:
        """Build and test everything.

        With `data_only`, which only goes after a build of the same files, in this
        process or with `restore_compiled`, leave out what cannot change but with them:
        loading the seeds, running the unit tests, compiling the generic tests. What
        those compiled to is run all the same, in one go; see
        dbt_project/warehouse/compiled_audit.sql. Else that is done of those that test
        the very same as before, and left out are unit tests that passed for the very
        same, and with `has_seeds`, which says that nobody has run dbt since a build
        that was published, seeds that have not changed.
        `digest` is that of the project; see `inputs`.
        """
        runner = self._runner()
        if data_only:
            self.known_to_pass = (
                set(self._manifest.unit_tests) if self._manifest else set()
            )
            return self._built_again(runner)
        manifest, options = self._manifest, list[str]()
        if manifest is not None:
            common = surroundings(self._project, self._engine, self._environ)
            kinds, names = self._unchanged.to_exclude(manifest, common, has_seeds)
            self.known_to_pass = self._unchanged.passed
            names += self._compiled.restore_unchanged(manifest, self._unchanged.now)
            self._compiled.show(manifest)
            options += ["--exclude-resource-type", *kinds] if kinds else []
            options += ["--exclude", *names] if names else []
        invocation = _invocation(runner.invoke(["build", *options, *self._common]))
        if manifest is not None:
            self._compiled.show(manifest)
            if invocation.succeeded:
                self._compiled.keep(manifest, digest, self._unchanged.now)
                self._unchanged.keep()
        return invocation

    def _built_again(self, runner: dbtRunner) -> Invocation:
        """Build what only rows have changed: without dbt, or with it and noting how."""
        command, manifest = ["build", *DATA_ONLY, *self._common], self._manifest
        can_play = manifest is not None and self._played.are_possible
        if can_play and (invocation_id := self._played.play(opened)):
            return Invocation(invocation_id, True, "")
        with recording() if can_play else nullcontext() as sent:
            invocation = _invocation(runner.invoke(command))
        if manifest is not None:
            self._compiled.show(manifest)
            if sent and invocation.succeeded and is_timeless(manifest):
                self._played.note(invocation.invocation_id, sent)
        return invocation

    def restore_compiled(self, digest: str) -> bool:
        """Whether the generic tests are compiled, by an earlier process for `digest`.

        If so, and if that has loaded the seeds, a build may be of the data only.
        """
        manifest = self._manifest
        if manifest is None or not self._compiled.restore(manifest, digest):
            return False
        self._compiled.show(manifest)
        return True

    def has_read(self, nodes: Nodes, macros: str, ran: Collection[str]) -> bool:
        """Whether a run in a terminal was of the project as it was parsed here."""
        manifest = self._manifest
        return manifest is not None and is_same_project(manifest, nodes, macros, ran)

    def cancel(self) -> None:
        """End the statements that models and tests have under way, on any thread.

        They fail. dbt's own connection, on which hooks run, is left alone.
        """
        self._played.cancel()
        for adapter in list(FACTORY.adapters.values()):
            for connection in list(adapter.connections.thread_connections.values()):
                is_open = connection.state == ConnectionState.OPEN
                if is_open and connection.name != "master":
                    # It may be closed by now.
                    with suppress(Exception):
                        interrupt(connection.handle)

    def operate(self, macro: str, arguments: Mapping[str, Any]) -> Invocation:
        """Run a macro of the project."""
        options = ["--args", json.dumps(arguments)]
        command = ["run-operation", macro, *options, *self._common]
        return _invocation(self._runner().invoke(command))

    def document(self, is_compiled: bool) -> str:
        """dbt's own docs of what was built last, as one page; empty if it makes none.

        With `is_compiled`, right after a build, the manifest holds all compiled SQL.
        """
        options = ["--static", *(["--no-compile"] if is_compiled else [])]
        runner = self._runner()
        if is_compiled and self._manifest is not None:
            path = str(self._target / "manifest.json")
            self._manifest.write(path)  # type: ignore[no-untyped-call]
        result = runner.invoke(["docs", "generate", *options, *self._common])
        if not result.success:
            return ""
        page = (self._target / "static_index.html").read_text(encoding="utf-8")
        # Where this machine keeps its files is nobody's business.
        return page.replace(str(self._target), "target")

    def nodes(self) -> Nodes:
        """The project as it was parsed: models, tests, unit tests, seeds, sources."""
        manifest = self._manifest
        if manifest is None:
            return {}
        unit_tests = manifest.unit_tests.items()
        return {
            **manifest.flat_graph["sources"],
            **manifest.flat_graph["nodes"],
            **{name: test.to_dict() for name, test in unit_tests},
        }

    def _find_seeds(self, manifest: Manifest) -> None:
        """What was parsed before the project was moved says where they were then."""
        for node in manifest.nodes.values():
            is_own = node.package_name == manifest.metadata.project_name
            if isinstance(node, SeedNode) and is_own:
                node.root_path = str(self._project.folder)

    def _runner(self) -> dbtRunner:
        os.chdir(self._warehouse)
        return dbtRunner(manifest=self._manifest, callbacks=[self._on_event])


def _invocation(result: dbtRunnerResult) -> Invocation:
    return Invocation(get_invocation_id(), bool(result.success), _message(result))


def _message(result: dbtRunnerResult) -> str:
    if result.success:
        return ""
    if result.exception is not None:
        return str(result.exception)
    results = getattr(result.result, "results", [])
    told = [r.message for r in results if r.status in FAILED and r.message]
    return "\n".join(told) or "dbt failed without saying why."
