"""Commands in processes of their own, without the seconds that each would import for.

A process that has imported the product and dbt, and has had dbt parse a project once,
forks for every command: what runs is the same code in a process of its own, whose
modules are loaded. Started at the first command, it ends with the process that asked.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner

TESTS = Path(__file__).parents[1]
IMPORTED = ("api", "api.builder.loop", "api.builder.dbt", "api.commands", "api.loading")
# dbt's semaphores go with its process; their tracker need not say that they did.
QUIET = ("-W", "ignore:resource_tracker:UserWarning")


def run(
    command: Sequence[str], folder: Path, variables: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `-m MODULE ARGUMENTS...`, or a Python script, as `subprocess.run` would.

    `dbt ARGUMENTS...` is dbt on the checkout's own project, which it does not read: it
    was read before the fork.
    """
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
    ):
        connection.connect(_address())
        asked = {"command": command, "folder": str(folder), "variables": variables}
        socket.send_fds(connection, [b"."], [out.fileno(), err.fileno()])
        connection.sendall(json.dumps(asked).encode())
        connection.shutdown(socket.SHUT_WR)
        code = int(_read(connection))
        texts = [file.read() for file in (out, err) if not file.seek(0)]
    return subprocess.CompletedProcess(command, code, *texts)


@cache
def _address() -> str:
    """Start the process that forks; its address once it listens."""
    folder = tempfile.mkdtemp(prefix="fork-server-")
    place = os.path.join(folder, "socket")
    server = subprocess.Popen(
        [sys.executable, *QUIET, "-m", "support.fork_server", place],
        cwd=TESTS,
        env=os.environ | {"PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def end() -> None:
        server.kill()
        server.wait()

    atexit.register(end)
    assert server.stdout is not None and server.stdout.readline() == b"listening\n"
    return place


def _read(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def _serve(place: str) -> None:
    """Fork for each connection, until whoever started this is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    dbt = _warm(Path(place).parent)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(place)
    listener.listen(16)
    print("listening", flush=True)
    parent = os.getppid()
    listener.settimeout(1.0)
    while os.getppid() == parent:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            _answer(connection, dbt)
        connection.close()


def _warm(folder: Path) -> dbtRunner:
    """dbt that has parsed the checkout's project, with everything else imported."""
    for name in IMPORTED:
        __import__(name)
    from dbt.cli.main import dbtRunner

    # Nothing is connected to; but PostgreSQL's profile asks who it would be.
    os.environ |= {"PGUSER": "nobody", "PGDATABASE": "nothing"}
    os.environ["WAREHOUSE_DIR"] = str(folder)
    quiet = ["--log-level", "none", "--log-level-file", "none", "--log-path", folder]
    project = ["--project-dir", TESTS.parent, "--profiles-dir", TESTS.parent]
    # The static parser has threads, which a fork would lose.
    options = map(str, ["--no-static-parser", *project, *quiet])
    done = dbtRunner().invoke(["parse", *options])
    assert done.success, done.exception
    return dbtRunner(manifest=done.result)


def _answer(connection: socket.socket, dbt: dbtRunner) -> None:
    """Run one command in a child, and tell how it ended."""
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 2)
    asked = json.loads(_read(connection))
    child = os.fork()
    if child == 0:
        connection.close()
        for number, descriptor in enumerate(descriptors, 1):
            os.dup2(descriptor, number)
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["variables"])
        _run(asked["command"], dbt)
    _, status = os.waitpid(child, 0)
    connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _run(command: list[str], dbt: dbtRunner) -> None:
    """Be the command, to its end."""
    # As Python puts it there: what stands where the command was given comes first.
    sys.path[0] = os.getcwd()
    is_module = command[0] == "-m"
    sys.argv = command[1:] if is_module else command
    try:
        if is_module:
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        elif command[0] == "dbt":
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


if __name__ == "__main__":
    _serve(sys.argv[1])
