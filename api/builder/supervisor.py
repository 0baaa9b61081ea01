"""Keeps the builder alive: starts it, and restarts it when it dies or hangs."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time

from api.builder.heartbeat import Pulse
from api.config import CHECKOUT, Settings
from api.observability.logs import log_event

ONCE, HEARTBEAT, SILENCES = "--once", "--heartbeat", "--silences"
BUILDER_TAKEN = 3
WATCH_SECONDS = 0.5
# How long a builder that was asked to exit may take.
END_SECONDS = 10.0
# After a builder that lived this long the next one starts without delay.
WELL_SECONDS = 30.0
PAUSE_SECONDS = (0.2, 10.0)


def build_once(settings: Settings) -> int:
    """Run one build in its own process; returns its exit code, see `api.builder`."""
    return subprocess.call(_command(ONCE), env=_environment(settings), cwd=CHECKOUT)


class Supervisor:
    """Runs the builder of one warehouse until `stop`.

    While another process is the builder, it stands by to take its place.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopped = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._pulse: Pulse
        # How many builders in a row were ended for silence without having built.
        self._silences = 0
        self._thread = threading.Thread(target=self.run, daemon=True)

    def start(self) -> None:
        """Start the builder, then supervise it on a thread.

        The first builder is started before this returns, so that a caller that forks
        later does not inherit half-made pipes.
        """
        self._child = self._spawn()
        self._thread.start()

    def stop(self) -> None:
        """End the builder, whatever it does, and wait until it has exited.

        Its standard input is closed, as when this process dies. A signal would only
        make dbt end one build.
        """
        self._stopped.set()
        self._end(self._child)
        if self._thread.is_alive():
            self._thread.join()

    def run(self) -> None:
        """Supervise on this thread."""
        pause = PAUSE_SECONDS[0]
        while not self._stopped.is_set():
            born = time.monotonic()
            self._child = self._child or self._spawn()
            if self._stopped.is_set():
                self._end(self._child)
            code = self._wait(self._child)
            self._child = None
            if self._stopped.is_set():
                return
            if code == BUILDER_TAKEN:
                pause = 2.0
            else:
                # The loop starts the next one.
                log_event("builder_end", logging.WARNING, exit_code=code)
                lived = time.monotonic() - born
                pause = PAUSE_SECONDS[0] if lived > WELL_SECONDS else pause * 2
            self._stopped.wait(min(pause, PAUSE_SECONDS[1]))

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        """Wait for the builder to exit, and kill it when it is silent for too long."""
        longest = self._settings.build_timeout_seconds
        code = self._poll(child)
        while code is None:
            silent = self._pulse.silence()
            if silent > longest:
                log_event("builder_silent", logging.ERROR, seconds=round(silent))
                self._silences += 1
                child.kill()
                code = child.wait()
            else:
                code = self._poll(child)
        self._pulse.close()
        return code

    def _poll(self, child: subprocess.Popen[bytes]) -> int | None:
        """Wait a moment; returns its exit code, or None while it lives."""
        if not self._stopped.is_set():
            self._pulse.wait(WATCH_SECONDS)
            if self._pulse.has_built:
                self._silences = 0
            return child.wait() if self._pulse.has_ended else child.poll()
        try:
            return child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            return None

    def _spawn(self) -> subprocess.Popen[bytes]:
        self._pulse = pulse = Pulse()
        options = [HEARTBEAT, str(pulse.write_end), SILENCES, str(self._silences)]
        # The pipe to its standard input stays open as long as this process lives.
        child = subprocess.Popen(
            _command(*options),
            env=_environment(self._settings),
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            pass_fds=[pulse.write_end],
        )
        pulse.hand_over()
        return child

    @staticmethod
    def _end(child: subprocess.Popen[bytes] | None) -> None:
        if child is not None and child.stdin is not None:
            child.stdin.close()


def _command(*options: str) -> list[str]:
    # dbt leaves semaphores behind at exit; Python need not warn of them.
    quiet = ("-W", "ignore:resource_tracker:UserWarning")
    return [sys.executable, *quiet, "-m", "api.builder", *options]


def _environment(settings: Settings) -> dict[str, str]:
    # Without the API keys, which the project's Jinja could read.
    variables = os.environ | settings.to_env()
    return {n: v for n, v in variables.items() if n not in settings.secrets()}
