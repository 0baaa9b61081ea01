"""dbt, warm in this process: parse once, build often.

Nothing else imports dbt, and this is imported when something is to be built: it takes
some seconds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping

from dbt.artifacts.schemas.results import NodeStatus
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import SeedNode
from dbt_common.invocation import get_invocation_id

from api.builder.compiled import CompiledTests
from api.builder.inputs import surroundings
from api.builder.outcome import Outcome
from api.builder.unchanged import UnchangedNodes
from api.config import Settings
from api.engines import LEASE_OWNER
from api.project import Project, blank_lines_above

COMPILED_AUDIT = ("unique", "not_null", "accepted_values", "relationships")
DATA_ONLY = (
    *("--exclude-resource-type", "seed", "unit_test"),
    *("--exclude", *(f"test_name:{name}" for name in COMPILED_AUDIT)),
    "--no-write-json",
)
FAILED = {NodeStatus.Error, NodeStatus.Fail, NodeStatus.RuntimeErr}


class Dbt:
    """dbt on one project; never two invocations at once.

    `on_event` is called with every step that dbt tells of; `environ` holds the
    variables that this process was started with.
    """

    def __init__(
        self,
        settings: Settings,
        on_event: Callable[..., None],
        environ: Mapping[str, str],
    ) -> None:
        self._on_event = on_event
        self._environ = environ
        self._engine = settings.dbt_target
        self._warehouse = settings.warehouse_dir
        # dbt parses the whole project again wherever a path in its settings is new to
        # it. By relative ones a warehouse that was copied or moved keeps what was
        # parsed, which saves some seconds.
        os.environ |= {
            "DBT_LEASE_OWNER": LEASE_OWNER,
            "SHARED_STORAGE": settings.shared_place,
            "WAREHOUSE_DIR": ".",
        }
        self._manifest: Manifest | None = None
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
            "--no-version-check",
        ]

    def parse(self) -> Outcome:
        """Read the project anew; after a failure the next build has to parse first."""
        self._manifest = None
        os.environ["DBT_BLANK_LINES"] = self._blank_lines()
        result = self._runner().invoke(["parse", "--no-write-json", *self._common])
        if result.success and isinstance(result.result, Manifest):
            self._manifest = result.result
            self._find_seeds(result.result)
        return _outcome(result)

    def build(
        self, data_only: bool = False, has_seeds: bool = False, digest: str = ""
    ) -> Outcome:
        """Build, test and, when all is well, publish.

        With `data_only`, which only goes after a build of the same files, in this
        process or with `restore_compiled`, leave out what cannot change but with them:
        loading the seeds, running the unit tests, compiling the generic tests. What
        those compiled to is run all the same, in one go; see
        dbt_project/macros/audit/compiled_audit.sql. Else leave out unit tests that
        passed for the very same, and with `has_seeds`, which says that nobody has run
        dbt since a build that was published, seeds that have not changed.
        `digest` is recorded with what is published; see `inputs`.
        """
        os.environ["DBT_PROJECT_DIGEST"] = digest
        runner = self._runner()
        if data_only:
            return _outcome(runner.invoke(["build", *DATA_ONLY, *self._common]))
        manifest, options = self._manifest, []
        if manifest is not None:
            common = surroundings(self._project, self._engine, self._environ)
            options = self._unchanged.to_exclude(manifest, common, has_seeds)
        outcome = _outcome(runner.invoke(["build", *options, *self._common]))
        if manifest is not None:
            self._show_compiled(manifest)
            if outcome.succeeded:
                self._compiled.keep(manifest, digest)
                self._unchanged.keep()
        return outcome

    def restore_compiled(self, digest: str) -> bool:
        """Whether the generic tests are compiled, by an earlier process for `digest`.

        If so, and if that has loaded the seeds, a build may be of the data only.
        """
        manifest = self._manifest
        if manifest is None or not self._compiled.restore(manifest, digest):
            return False
        self._show_compiled(manifest)
        return True

    def document(self) -> str:
        """dbt's own docs of what was built last, as one page; empty if it makes none.

        Right after a build the manifest holds all compiled SQL: nothing is compiled.
        """
        options = ["--static", "--no-compile"]
        runner = self._runner()
        result = runner.invoke(["docs", "generate", *options, *self._common])
        if not result.success:
            return ""
        page = (self._target / "static_index.html").read_text(encoding="utf-8")
        # Where this machine keeps its files is nobody's business.
        return page.replace(str(self._target), "target")

    def _find_seeds(self, manifest: Manifest) -> None:
        """What was parsed before the project was moved says where they were then."""
        for node in manifest.nodes.values():
            is_own = node.package_name == manifest.metadata.project_name
            if isinstance(node, SeedNode) and is_own:
                node.root_path = str(self._project.folder)

    @staticmethod
    def _show_compiled(manifest: Manifest) -> None:
        """Let macros see, in `graph`, the SQL that was compiled."""
        manifest.build_flat_graph()  # type: ignore[no-untyped-call]

    def _blank_lines(self) -> str:
        """What macros need to name a line; see macros/audit/told_failure.sql."""
        texts = self._project.texts().items()
        found = {name: blank_lines_above(text) for name, text in texts}
        return json.dumps({name: lines for name, lines in found.items() if lines})

    def _runner(self) -> dbtRunner:
        os.chdir(self._warehouse)
        return dbtRunner(manifest=self._manifest, callbacks=[self._on_event])


def _outcome(result: dbtRunnerResult) -> Outcome:
    return Outcome(get_invocation_id(), bool(result.success), _message(result))


def _message(result: dbtRunnerResult) -> str:
    if result.success:
        return ""
    if result.exception is not None:
        return str(result.exception)
    results = getattr(result.result, "results", [])
    told = [r.message for r in results if r.status in FAILED and r.message]
    return "\n".join(told) or "dbt failed without saying why."
