"""What a stage made, run as a container would be: no network, a read-only root."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stage import Stage

DEVICES = ("null", "zero", "random", "urandom")
LOOPBACK_UP = (
    "import fcntl, socket, struct;"
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 0x41))"
)


def make_volumes(stage: Stage, folder: Path) -> dict[str, Path]:
    """New volumes, owned as the folders of the image that they are laid over."""
    made = {}
    for name in stage.volumes:
        of_image = stage.root / name.lstrip("/")
        made[name] = folder / name.strip("/").replace("/", "-")
        made[name].mkdir(parents=True)
        shutil.copystat(of_image, made[name])
        os.chown(made[name], of_image.stat().st_uid, of_image.stat().st_gid)
    return made


class Container:
    """Process 1 and what it wrote to standard output and error."""

    def __init__(self, stage: Stage, process: subprocess.Popen[str]) -> None:
        self._stage = stage
        self._process = process

    @property
    def _first(self) -> int:
        """Process 1, as it is numbered out here, once it has the root for its own."""
        outer, until = self._process.pid, time.monotonic() + 10
        while time.monotonic() < until and self._process.poll() is None:
            children = Path(f"/proc/{outer}/task/{outer}/children").read_text()
            for child in children.split():
                if os.readlink(f"/proc/{child}/root") == str(self._stage.root):
                    return int(child)
            time.sleep(0.05)
        raise RuntimeError(f"it did not start: exit code {self._process.returncode}")

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Another command in it, as `docker exec` does."""
        user, group = self._stage.user.split(":")
        entered = ["nsenter", f"--target={self._first}", "-m", "-n", "-p", "-r", "-w"]
        as_user = [f"-S{user}", f"-G{group}", *_env(self._stage, environ)]
        return subprocess.run(
            [*entered, *as_user, *command], capture_output=True, text=True
        )

    def stop(self, number: int) -> float:
        """Send process 1 a signal, and how many seconds it took to end."""
        began = time.monotonic()
        os.kill(self._first, number)
        self._process.wait(60)
        return time.monotonic() - began

    def end(self) -> tuple[int, str]:
        """Its exit code and all that it wrote, once it has ended."""
        told, _ = self._process.communicate(timeout=60)
        return self._process.returncode, told


@contextmanager
def container(
    stage: Stage, volumes: dict[str, Path], *arguments: str, **environ: str
) -> Iterator[Container]:
    """Start the image's entry point, with its CMD unless arguments are given."""
    command = [*stage.commands["ENTRYPOINT"], *(arguments or stage.commands["CMD"])]
    inside = ["chroot", f"--userspec={stage.user}", str(stage.root)]
    start = shlex.join([*inside, *_env(stage, environ), *command])
    script = "\n".join([*_mounts(stage.root, volumes), f"exec {start}"])
    process = subprocess.Popen(
        ["unshare", "--mount", "--net", "--pid", "--fork"] + ["sh", "-ec", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    started = Container(stage, process)
    try:
        yield started
    finally:
        if process.poll() is None:
            # With process 1 go all others of its namespace; with ours they would not.
            os.kill(started._first, signal.SIGKILL)
            process.communicate()


def _env(stage: Stage, environ: dict[str, str]) -> list[str]:
    pairs = [f"{name}={value}" for name, value in (stage.environ | environ).items()]
    return ["env", "-i", "-C", stage.workdir, *pairs]


def _mounts(root: Path, volumes: dict[str, Path]) -> Iterator[str]:
    yield shlex.join([sys.executable, "-c", LOOPBACK_UP])
    yield f"mount --bind {root} {root}"
    yield f"mount -t proc proc {root}/proc"
    yield f"mount -t tmpfs tmpfs {root}/tmp"
    yield f"mount -t tmpfs tmpfs {root}/dev"
    yield f"mkdir -m 1777 {root}/dev/shm"
    for name in DEVICES:
        yield f"touch {root}/dev/{name}; mount --bind /dev/{name} {root}/dev/{name}"
    for name, place in volumes.items():
        yield f"mount --bind {place} {root}{name}"
    yield f"mount -o remount,bind,ro {root}"
