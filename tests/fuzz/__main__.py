"""`python tests/fuzz [--seconds N] [TARGET...]`: each target fuzzed for so long.

Coverage-guided, by atheris (`make fuzz`). What is found is written to `.fuzz/TARGET/`
as `crash-...`; it becomes a line of FOUND in `tests/test_fuzz_targets.py`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FOLDER = CHECKOUT / ".fuzz"
LONGEST = 4096  # bytes
SLOW = 10  # seconds that one input may take


def fuzz(name: str, options: list[str]) -> None:
    """Fuzz one target in this process, which libFuzzer ends."""
    import atheris

    with atheris.instrument_imports(include=["api"]):
        from targets import TARGETS

    target = TARGETS[name]
    corpus = FOLDER / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        corpus.joinpath(f"seed-{number}").write_bytes(seed)
    found = f"-artifact_prefix={FOLDER / name}/"
    atheris.Setup([sys.argv[0], str(corpus), found, *options], target.run)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("targets", nargs="*")
    given = parser.parse_args()
    if given.only:
        options = [f"-max_total_time={given.seconds}", f"-max_len={LONGEST}"]
        fuzz(given.only, [*options, f"-timeout={SLOW}", "-print_final_stats=1"])
    from targets import TARGETS

    failed = []
    for name in given.targets or TARGETS:
        print(f"== {name}", flush=True)
        here = [sys.executable, str(CHECKOUT / "tests" / "fuzz")]
        done = subprocess.run([*here, "--seconds", str(given.seconds), "--only", name])
        failed += [name] if done.returncode else []
    print(f"failed: {', '.join(failed)}" if failed else "nothing was found")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tests")]
    sys.exit(main())
