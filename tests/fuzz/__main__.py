"""`python tests/fuzz [--seconds N] [--seed N] [TARGET...]`: each fuzzed for so long,
on a core of its own.

Coverage-guided, by atheris (`make fuzz`). What is found is written to `.fuzz/TARGET/`
as `crash-...`; it becomes a line of FOUND in `tests/test_fuzz_targets.py`. With a seed
the same inputs are tried each time, as far as the time goes. The time is kept here and
ends the process at once: libFuzzer's own ends by `exit`, which can wait for ever for
threads that wait for Python.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from time import monotonic

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FOLDER = CHECKOUT / ".fuzz"
# Bytes of one input, how slowly they become more, and the seconds that it may take.
OPTIONS = ("-max_len=4096", "-len_control=20", "-timeout=10")


def fuzz(name: str, seconds: float, seed: int) -> None:
    """Fuzz one target in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["api"]):
        from targets import TARGETS, WORDS

    target = TARGETS[name]
    inputs, end = count(), monotonic() + seconds

    def run(data: bytes) -> None:
        tried = next(inputs)
        if monotonic() > end:
            print(f"{tried} inputs", flush=True)
            os._exit(0)
        target.run(data)

    corpus = FOLDER / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(target.seeds):
        corpus.joinpath(f"seed-{number}").write_bytes(start)
    words = FOLDER / name / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS))
    found = f"-artifact_prefix={FOLDER / name}/"
    atheris.Setup(
        [sys.argv[0], str(corpus), f"-dict={words}", found, f"-seed={seed}", *OPTIONS],
        run,
    )
    atheris.Fuzz()


def _escaped(word: str) -> str:
    """As a dictionary of libFuzzer spells it."""
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="0: another each time")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("targets", nargs="*")
    given = parser.parse_args()
    if given.only:
        fuzz(given.only, given.seconds, given.seed)
    from targets import TARGETS

    here = [sys.executable, str(CHECKOUT / "tests" / "fuzz")]
    chosen = ["--seconds", str(given.seconds), "--seed", str(given.seed)]

    def fuzz_apart(name: str) -> bool:
        command = [*here, *chosen, "--only", name]
        both = subprocess.STDOUT
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=both, text=True)
        print(f"== {name}\n{done.stdout}", flush=True)
        return done.returncode == 0

    names = given.targets or list(TARGETS)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = pool.map(fuzz_apart, names)
        failed = [name for name, well in zip(names, passed, strict=True) if not well]
    print(f"failed: {', '.join(failed)}" if failed else "nothing was found")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tests")]
    sys.exit(main())
