"""A root in which the instructions of one stage of a Dockerfile are carried out."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path


class Stage:
    """A root, and what the image says of itself: environment, user, commands."""

    def __init__(self, root: Path, context: Path) -> None:
        self.root = root
        self.environ = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
        self.user = "0:0"
        self.workdir = "/"
        self.volumes: list[str] = []
        self.commands: dict[str, list[str]] = {}
        self._context = context
        self._arguments: dict[str, str] = {}

    def carry_out(self, name: str, rest: str, stages: dict[str, Stage]) -> None:
        """One instruction; raises ValueError for one that is not known here."""
        match name:
            case "ARG":
                argument, _, default = rest.partition("=")
                self._arguments[argument] = os.environ.get(argument, default)
            case "ENV":
                self._set(rest)
            case "RUN":
                self._run(rest)
            case "COPY" if rest.startswith("--from="):
                stage, _, rest = rest.removeprefix("--from=").partition(" ")
                self._copy(stages[stage].root, rest)
            case "COPY":
                self._copy(self._context, rest)
            case "WORKDIR":
                self.workdir = rest
                self._place(rest).mkdir(parents=True, exist_ok=True)
            case "USER":
                self.user = rest
            case "VOLUME":
                self.volumes = json.loads(rest)
            case "ENTRYPOINT" | "CMD" | "HEALTHCHECK":
                self.commands[name] = json.loads(rest[rest.index("[") :])
            case "EXPOSE":
                pass
            case _:
                raise ValueError(f"{name} is not tried here")

    def _run(self, command: str) -> None:
        """With the network, and how this machine reaches its packages."""
        ours = {n: v for n, v in os.environ.items() if n.startswith("PIP_")}
        inside = ["chroot", self.root, "env", "-C", self.workdir, "sh", "-c", command]
        mount = f'mount -t proc proc {self.root}/proc; exec "$@"'
        subprocess.run(
            ["unshare", "--mount", "sh", "-ec", mount, "sh", *inside],
            env=ours | self.environ | self._arguments,
            check=True,
        )

    def _set(self, rest: str) -> None:
        # As it was before this instruction, for all of its pairs.
        known = self._arguments | self.environ
        for pair in shlex.split(rest):
            name, _, value = pair.partition("=")
            self.environ[name] = re.sub(r"\$(\w+)", lambda m: known[m[1]], value)

    def _copy(self, source: Path, rest: str) -> None:
        *patterns, target = rest.split()
        into_folder = len(patterns) > 1 or target.endswith("/")
        for pattern in patterns:
            found = sorted(source.glob(pattern.lstrip("/")))
            assert found, f"COPY {pattern}: there is no such file in {source}"
            for path in found:
                place = self._place(target)
                if path.is_dir():
                    shutil.copytree(path, place, symlinks=True, dirs_exist_ok=True)
                    continue
                place = place / path.name if into_folder else place
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, place)

    def _place(self, path: str) -> Path:
        return self.root / os.path.join(self.workdir, path).lstrip("/")
