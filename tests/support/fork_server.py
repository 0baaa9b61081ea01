"""Processes of the product, without the seconds that each would import for.

Processes that have imported what is needed fork for whatever is to run: the same code
in a process of its own, whose modules are loaded. There is one for servers, and one for
everything that runs dbt, which has parsed the checkout's project once: a server must
not load what dbt does. Each environment of Python has its own. All test processes of a
run share them; they end with it.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner

TESTS = Path(__file__).parents[1]
# Where the sockets of a run are; whose run it is says the name.
FOLDER = "FORK_SERVERS"
SERVE, DBT = "serve", "dbt"
IMPORTED = {
    SERVE: ("api.server", "api.commands", "api.routes", "granian.server.mp"),
    DBT: ("api.builder.loop", "api.builder.dbt", "api.commands", "api.loading"),
}
# dbt's semaphores go with its process; their tracker need not say that they did.
QUIET = ("-W", "ignore:resource_tracker:UserWarning")


class Forked:
    """What `subprocess.Popen` is for a process that was not forked by this one.

    It is killed when this end of the connection closes, with this process or before.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.pid = int(self._line())
        self.returncode: int | None = None
        self.stdin: IO[bytes] | None = None

    def poll(self) -> int | None:
        """Its exit code; None while it lives."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            return self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended; raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = int(self._line())
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            line += (part := self._connection.recv(1))
            assert part, "the process that forks is gone"
        return line


def start(
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    descriptors: Mapping[int, int],
    python: str = sys.executable,
) -> Forked:
    """Start `-m MODULE ARGUMENTS...`, or a Python script, as `subprocess.Popen` would.

    `dbt ARGUMENTS...` is dbt on the checkout's own project, which it does not read: it
    was read before the fork. `descriptors` are those that it gets, each by the number
    of one of ours. `python` is that of its environment.
    """
    kind = SERVE if command[:3] == ["-m", "api", "serve"] else DBT
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(_address(kind, python, variables))
    asked = {
        "command": list(command),
        "folder": str(folder),
        "variables": dict(variables),
        "descriptors": list(descriptors),
    }
    socket.send_fds(connection, [b"."], list(descriptors.values()))
    connection.sendall(json.dumps(asked).encode() + b"\n")
    return Forked(connection)


def run(
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    python: str = sys.executable,
) -> subprocess.CompletedProcess[str]:
    """Run to its end what `start` starts."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        descriptors = {1: out.fileno(), 2: err.fileno()}
        code = start(command, folder, variables, descriptors, python).wait()
        texts = [file.read() for file in (out, err) if not file.seek(0)]
    return subprocess.CompletedProcess(list(command), code, *texts)


def parsed(python: str, variables: Mapping[str, str]) -> Path:
    """What dbt keeps of the project that it has parsed, to go on from."""
    return Path(_address(DBT, python, variables)).with_name("partial_parse.msgpack")


def begin() -> None:
    """Have those of our environment ready before anybody needs them."""
    for kind in IMPORTED:
        start = partial(_address, kind, sys.executable, os.environ)
        Thread(target=start, daemon=True).start()


def prepare() -> Path:
    """Say where those of this run are, which ends with this process."""
    if FOLDER not in os.environ:
        folder = tempfile.mkdtemp(prefix=f"forks-{os.getpid()}-")
        os.environ[FOLDER] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(os.environ[FOLDER])


def _address(kind: str, python: str, variables: Mapping[str, str]) -> str:
    """Where one listens, started by whoever needs it first.

    Another environment than ours has an engine of its own, which `variables` say.
    """
    folder = prepare() / (Path(python).parents[1].name or "system")
    folder.mkdir(exist_ok=True)
    place = folder / kind
    given = os.environ if python == sys.executable else os.environ | variables
    with open(folder / f"{kind}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            subprocess.run(
                [python, *QUIET, "-m", "support.fork_server", kind, folder],
                cwd=TESTS,
                env=given | {"PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
                stdin=subprocess.DEVNULL,
                check=True,
            )
    return str(place)


def _fork_for_all(kind: str, folder: Path) -> None:
    """Listen, let whoever waits for that go on, and fork for each connection.

    Until the run is over.
    """
    for name in IMPORTED[kind]:
        __import__(name)
    dbt = _dbt(folder) if kind == DBT else None
    # What is never collected is not copied into every child.
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.settimeout(1.0)
    listener.bind(str(folder / f"{kind}.new"))
    listener.listen(64)
    os.rename(folder / f"{kind}.new", folder / kind)
    if os.fork():
        os._exit(0)
    owner = Path("/proc", folder.parent.name.split("-")[1])
    while folder.exists() and owner.exists():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            _fork_for(connection, dbt)
        connection.close()


def _dbt(folder: Path) -> dbtRunner:
    """dbt that has parsed the checkout's project.

    What was parsed serves those alone who ask for the very database that our
    environment names.
    """
    from dbt.cli.main import dbtRunner

    # As a builder has them: what was parsed serves the first of those, too.
    os.environ |= {"WAREHOUSE_DIR": ".", "SHARED_STORAGE": ""}
    os.chdir(folder)
    quiet = ["--log-level", "none", "--log-level-file", "none", "--log-path", folder]
    quiet += ["--target-path", folder, "--no-write-json"]
    project = ["--project-dir", TESTS.parent, "--profiles-dir", TESTS.parent]
    # The static parser has threads, which a fork would lose.
    options = [str(option) for option in ["--no-static-parser", *project, *quiet]]
    # Twice: what reads the parsed project is made when it is first read.
    for _ in range(2):
        done = dbtRunner().invoke(["parse", *options])
        assert done.success, done.exception
    dbt = dbtRunner(manifest=done.result)
    if os.environ.get("DBT_TARGET", "sqlite") != "spark":
        # What dbt makes when it first needs it, such as compiled macros.
        built = dbt.invoke(["build", *options])
        assert built.success, built.exception
    return dbt


def _fork_for(connection: socket.socket, dbt: dbtRunner | None) -> NoReturn:
    """Run one command in a child, tell its number and how it ended."""
    _, received, _, _ = socket.recv_fds(connection, 1, 8)
    with connection.makefile("rb") as lines:
        asked = json.loads(lines.readline())
    child = os.fork()
    if child == 0:
        connection.close()
        _take(received, asked["descriptors"])
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["variables"])
        _run(asked["command"], dbt)
    for descriptor in received:
        os.close(descriptor)
    with suppress(BrokenPipeError):
        connection.sendall(b"%d\n" % child)
    ended = os.pidfd_open(child)
    if connection in select.select([connection, ended], [], [])[0]:
        # Whoever asked is gone.
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with suppress(BrokenPipeError):
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _take(received: list[int], numbers: list[int]) -> None:
    """Give the descriptors their numbers; nothing is the standard input of the rest."""
    high = [fcntl.fcntl(one, fcntl.F_DUPFD, 512) for one in received]
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in [(0, nothing), *zip(numbers, high, strict=True)]:
        os.dup2(descriptor, number)
    for descriptor in {*received, *high, nothing} - {*numbers, 0}:
        os.close(descriptor)


def _run(command: list[str], dbt: dbtRunner | None) -> NoReturn:
    """Be the command, to its end."""
    # As Python puts it there: what stands where the command was given comes first.
    sys.path[0] = os.getcwd()
    is_module = command[0] == "-m"
    sys.argv = command[1:] if is_module else command
    try:
        if command[:2] == ["-m", "api"]:
            _builders_are_forked()
        if is_module:
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        elif command[0] == "dbt":
            assert dbt is not None
            done = dbt.invoke(command[1:])
            failed = str(done.exception) if done.exception else 1
            sys.exit(0 if done.success else failed)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _builders_are_forked() -> None:
    """Let the builder of a server or command be forked, too, where dbt is imported."""
    from api.builder import supervisor

    def call(command: list[str], env: dict[str, str], cwd: Path) -> int:
        module = command.index("-m")
        return start(command[module:], cwd, env, {1: 1, 2: 2}).wait()

    def popen(
        command: list[str],
        env: dict[str, str],
        cwd: Path,
        pass_fds: list[int],
        **_: Any,
    ) -> Forked:
        theirs, mine = os.pipe()
        given = {number: number for number in (1, 2, *pass_fds)} | {0: theirs}
        module = command.index("-m")
        builder = start(command[module:], cwd, env, given)
        os.close(theirs)
        builder.stdin = os.fdopen(mine, "wb", buffering=0)
        return builder

    ours = vars(subprocess) | {"Popen": popen, "call": call}
    supervisor.subprocess = SimpleNamespace(**ours)  # type: ignore[assignment]


if __name__ == "__main__":
    _fork_for_all(sys.argv[1], Path(sys.argv[2]))
