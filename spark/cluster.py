"""Master, workers and Thrift server as processes, on loopback only, in one folder.

Knows nothing of dbt, and of what is stored only where Spark is to put its own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

LOOPBACK = "127.0.0.1"
START_SECONDS = 180.0
STOP_SECONDS = 20.0
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
# Half the processor time where nothing is done often enough to be compiled twice. Spark
# would soon fill the small room that Java leaves then, and throw out what it needs.
COMPILED_ONCE = (
    "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
)
THRIFT = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"

# The Thrift server would take these over its own settings.
DAEMON = {"SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": COMPILED_ONCE}

QUIET = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
"""


class DidNotStart(RuntimeError):
    """A process of the cluster ended, or did not answer in time."""


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@dataclass
class Cluster:
    """One cluster; what it stores in `folder` is there again at the next start.

    `workers` are the processes of the workers, each with one executor of one core and
    of SPARK_WORKER_MEMORY: a build goes on, on the others, when one of them is killed.
    Where there are `few_rows`, what costs most is to start and to plan.
    """

    folder: Path
    thrift_port: int = field(default_factory=free_port)
    master_port: int = field(default_factory=free_port)
    size: int = 2
    memory: str = field(
        default_factory=lambda: os.environ.get("SPARK_WORKER_MEMORY") or "1g"
    )
    few_rows: bool = False
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list, init=False)
    _others: list[subprocess.Popen[bytes]] = field(default_factory=list, init=False)

    def start(self) -> None:
        """Start it, and wait until the Thrift server takes connections.

        Raises DidNotStart, with nothing left running.
        """
        self.folder = self.folder.absolute()
        (self.folder / "conf").mkdir(parents=True, exist_ok=True)
        (self.folder / "tmp").mkdir(exist_ok=True)
        (self.folder / "conf" / "log4j2.properties").write_text(QUIET)
        settings = "".join(f"{key} {value}\n" for key, value in self._settings())
        (self.folder / "conf" / "spark-defaults.conf").write_text(settings)
        try:
            port = str(self.master_port)
            self._run("master", "spark-class", MASTER, "--port", port, *_WEB)
            self._wait_for("master", self.master_port)
            for _ in range(self.size):
                self.add_worker()
            self._run("thrift", "spark-submit", "--class", THRIFT, "spark-internal")
            self._wait_for("thrift", self.thrift_port)
        except BaseException:
            self.stop()
            raise

    def add_worker(self) -> None:
        """Start one more worker; it joins within seconds."""
        name = f"worker-{len(self.workers) + 1}"
        room = ("--cores", "1", "--memory", self.memory)
        place = ("--host", LOOPBACK, "--work-dir", str(self.folder / "tmp" / name))
        command = (WORKER, *room, *place, *_WEB, self._master_url)
        self.workers.append(self._popen(name, "spark-class", *command))

    def stop(self) -> None:
        """End every process, the Thrift server first, and wait until all are gone."""
        for process in [*reversed(self._others[1:]), *self.workers, *self._others[:1]]:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._others.clear()
        self.workers.clear()
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)

    def gone(self) -> str | None:
        """What of master and Thrift server has ended, by its command; None if none."""
        ended = [process for process in self._others if process.poll() is not None]
        return str(ended[0].args) if ended else None

    @property
    def _master_url(self) -> str:
        return f"spark://{LOOPBACK}:{self.master_port}"

    def _settings(self) -> list[tuple[str, str]]:
        temporary = self.folder / "tmp"
        metastore = self.folder / "metastore"
        java = f"-Djava.io.tmpdir={temporary}"
        if self.few_rows:
            java = f"{java} {COMPILED_ONCE}"
        return [
            ("spark.master", self._master_url),
            ("spark.driver.host", LOOPBACK),
            ("spark.driver.bindAddress", LOOPBACK),
            ("spark.driver.memory", "1g"),
            (
                "spark.driver.extraJavaOptions",
                f"{java} -Dderby.stream.error.file=/dev/null",
            ),
            ("spark.executor.extraJavaOptions", java),
            ("spark.executor.memory", self.memory),
            ("spark.executor.cores", "1"),
            ("spark.cores.max", str(self.size)),
            ("spark.local.dir", str(temporary)),
            ("spark.sql.warehouse.dir", str(self.folder / "tables")),
            (
                "spark.hadoop.javax.jdo.option.ConnectionURL",
                f"jdbc:derby:;databaseName={metastore};create=true",
            ),
            ("spark.hadoop.hive.exec.scratchdir", str(temporary / "hive")),
            ("spark.hadoop.hive.exec.local.scratchdir", str(temporary / "hive-local")),
            ("spark.hadoop.hive.server2.logging.operation.enabled", "false"),
            # A thread reads all of Hive's settings before its first statement: few, and
            # the same ones each time.
            ("spark.hadoop.hive.server2.async.exec.threads", "4"),
            ("spark.hadoop.hive.server2.async.exec.keepalive.time", "1d"),
            ("spark.ui.enabled", "false"),
            ("spark.master.rest.enabled", "false"),
            # Few rows in many pieces are mostly overhead.
            ("spark.sql.shuffle.partitions", "2" if self.few_rows else "4"),
            ("spark.sql.adaptive.enabled", str(not self.few_rows).lower()),
            # A worker that is killed is given up soon, and its work done by another.
            ("spark.network.timeout", "20s"),
            ("spark.network.timeoutInterval", "5s"),
            ("spark.executor.heartbeatInterval", "5s"),
            ("spark.worker.timeout", "10"),
        ]

    def _run(self, name: str, script: str, *arguments: str) -> None:
        self._others.append(self._popen(name, script, *arguments))

    def _popen(
        self, name: str, script: str, *arguments: str
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [str(_spark_home() / "bin" / script), *arguments],
                env=self._environment() | (DAEMON if script == "spark-class" else {}),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for us, who end them in order.
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "SPARK_HOME": str(_spark_home()),
            "SPARK_CONF_DIR": str(self.folder / "conf"),
            "SPARK_LAUNCHER_OPTS": COMPILED_ONCE,
            "SPARK_LOCAL_IP": LOOPBACK,
            "SPARK_MASTER_HOST": LOOPBACK,
            "HIVE_SERVER2_THRIFT_BIND_HOST": LOOPBACK,
            "HIVE_SERVER2_THRIFT_PORT": str(self.thrift_port),
        }

    def _wait_for(self, name: str, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.gone() is None:
            try:
                socket.create_connection((LOOPBACK, port), timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise DidNotStart(
            f"Spark's {name} did not start: see {name}.log in {self.folder}"
        )


# The pages of master and workers, at any free port of loopback.
_WEB = ("--webui-port", "0")


def _spark_home() -> Path:
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise DidNotStart("There is no pyspark here: use .venv-spark.")
    return Path(found.origin).parent
