"""dbt, kept warm in this process: parse once, build often.

This module imports dbt, which takes seconds, so it is itself imported only when
something has to be built.
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
from api.builder.invocation import Invocation
from api.builder.replay.builds import ReplayedBuilds, interrupt
from api.builder.replay.determinism import is_deterministic
from api.builder.replay.recorder import open_connection, recording
from api.builder.runs.facts import Nodes
from api.builder.same_project import is_same_project
from api.builder.unchanged import UnchangedNodes
from api.builder.watch import surroundings
from api.config import Settings
from api.contract.files import Project
from api.warehouse.engines import LEASE_OWNER

COMPILED_AUDIT = ("unique", "not_null", "accepted_values", "relationships")
DATA_ONLY = (
    *("--exclude-resource-type", "seed", "unit_test"),
    *("--exclude", *(f"test_name:{name}" for name in COMPILED_AUDIT)),
)
# Otherwise dbt skips a test of a missing model, and nothing is published or reported.
ERRORS = {"error": ["NodeNotFoundOrDisabled"]}
FAILED = {NodeStatus.Error, NodeStatus.Fail, NodeStatus.RuntimeErr}


class Dbt:
    """dbt on one project; never two invocations at once.

    `on_event` is called with every event of dbt; `environ` holds the variables that
    this process was started with. `replayed` builds after a load without dbt, where
    that is possible.
    """

    def __init__(
        self,
        settings: Settings,
        on_event: Callable[..., None],
        environ: Mapping[str, str],
        replayed: ReplayedBuilds,
    ) -> None:
        self._on_event = on_event
        self._replayed = replayed
        self._environ = environ
        self._engine = settings.dbt_target
        self._warehouse = settings.warehouse_dir
        # dbt accepts either this or --warn-error-options.
        os.environ.pop("DBT_WARN_ERROR", None)
        # dbt parses the whole project again when a path in its settings changes. With
        # relative paths a warehouse that was copied or moved keeps the parsed files,
        # which saves seconds.
        os.environ |= {
            "DBT_LEASE_OWNER": LEASE_OWNER,
            "SHARED_STORAGE": settings.shared_place,
            "WAREHOUSE_DIR": ".",
        }
        self._manifest: Manifest | None = None
        # The ids of the tests that the last build left out, because they passed before.
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
            # dbt creates the folder even so; it has to be one that it may create.
            *("--log-path", str(target)),
            *("--warn-error-options", json.dumps(ERRORS)),
            "--no-version-check",
            # Only `document` reads what dbt writes.
            "--no-write-json",
        ]

    def parse(self) -> Invocation:
        """Parse the project again; if that fails, the next build has to parse first."""
        self._manifest = None
        self._replayed.forget()
        result = self._runner().invoke(["parse", *self._common])
        if result.success and isinstance(result.result, Manifest):
            self._manifest = result.result
            self._set_seed_paths(result.result)
        return _invocation(result)

    def build(
        self, data_only: bool = False, has_seeds: bool = False, digest: str = ""
    ) -> Invocation:
        """Build and test everything that may have changed.

        `data_only` is for a build of the same files as the last one, of this process or
        restored by `restore_compiled`. It leaves out what only a change of the files
        can change: seeds, unit tests, and compiling the generic tests, whose compiled
        SQL runs as one statement (dbt_project/warehouse/compiled_audit.sql). Otherwise
        that is how the unchanged generic tests run, and unit tests that are unchanged
        since they passed are left out. So are unchanged seeds, with `has_seeds`: no
        other run of dbt has followed the last published build.
        `digest` is the project's; see `watch`.
        """
        runner = self._runner()
        if data_only:
            self.known_to_pass = (
                set(self._manifest.unit_tests) if self._manifest else set()
            )
            return self._build_data(runner)
        manifest, options = self._manifest, list[str]()
        if manifest is not None:
            common = surroundings(self._project, self._engine, self._environ)
            kinds, names = self._unchanged.to_exclude(manifest, common, has_seeds)
            self.known_to_pass = self._unchanged.passed
            names += self._compiled.restore_unchanged(manifest, self._unchanged.now)
            self._compiled.expose(manifest)
            options += ["--exclude-resource-type", *kinds] if kinds else []
            options += ["--exclude", *names] if names else []
        invocation = _invocation(runner.invoke(["build", *options, *self._common]))
        if manifest is not None:
            self._compiled.expose(manifest)
            if invocation.succeeded:
                self._compiled.save(manifest, digest, self._unchanged.now)
                self._unchanged.save()
        return invocation

    def _build_data(self, runner: dbtRunner) -> Invocation:
        """Build after a load: replay, or run dbt and record what it sends."""
        command, manifest = ["build", *DATA_ONLY, *self._common], self._manifest
        can_replay = manifest is not None and self._replayed.are_possible
        if can_replay and (invocation_id := self._replayed.replay(open_connection)):
            return Invocation(invocation_id, True, "")
        with recording() if can_replay else nullcontext() as sent:
            invocation = _invocation(runner.invoke(command))
        if manifest is not None:
            self._compiled.expose(manifest)
            if sent and invocation.succeeded and is_deterministic(manifest):
                self._replayed.add(invocation.invocation_id, sent)
        return invocation

    def restore_compiled(self, digest: str) -> bool:
        """Restore the compiled tests that an earlier process saved for `digest`.

        If all were there, and the seeds are loaded, `build` may run with `data_only`.
        """
        manifest = self._manifest
        if manifest is None or not self._compiled.restore(manifest, digest):
            return False
        self._compiled.expose(manifest)
        return True

    def has_read(self, nodes: Nodes, macros: str, ran: Collection[str]) -> bool:
        """Whether a run in a terminal was of the same project as parsed here."""
        manifest = self._manifest
        return manifest is not None and is_same_project(manifest, nodes, macros, ran)

    def cancel(self) -> None:
        """Interrupt the running statements of models and tests, on all threads.

        They fail. dbt's master connection, on which hooks run, is left alone.
        """
        self._replayed.cancel()
        for adapter in list(FACTORY.adapters.values()):
            for connection in list(adapter.connections.thread_connections.values()):
                is_open = connection.state == ConnectionState.OPEN
                if is_open and connection.name != "master":
                    # It may have closed meanwhile.
                    with suppress(Exception):
                        interrupt(connection.handle)

    def operate(self, macro: str, arguments: Mapping[str, Any]) -> Invocation:
        """Run a macro of the project."""
        options = ["--args", json.dumps(arguments)]
        command = ["run-operation", macro, *options, *self._common]
        return _invocation(self._runner().invoke(command))

    def document(self, is_compiled: bool) -> str:
        """dbt's docs of the last build as one HTML page; empty if dbt fails.

        `is_compiled` is true right after a build, when the manifest has all SQL.
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
        # Local paths are not published.
        return page.replace(str(self._target), "target")

    def nodes(self) -> Nodes:
        """The parsed project: models, tests, unit tests, seeds and sources, by id."""
        manifest = self._manifest
        if manifest is None:
            return {}
        unit_tests = manifest.unit_tests.items()
        return {
            **manifest.flat_graph["sources"],
            **manifest.flat_graph["nodes"],
            **{name: test.to_dict() for name, test in unit_tests},
        }

    def _set_seed_paths(self, manifest: Manifest) -> None:
        """Set the folder of seeds, which the manifest keeps from before a move."""
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
    messages = [r.message for r in results if r.status in FAILED and r.message]
    return "\n".join(messages) or "dbt failed without saying why."
