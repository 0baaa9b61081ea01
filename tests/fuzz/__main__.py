"""`python tests/fuzz [--seconds N] [--seed N] [TARGET...]`: each fuzzed for so long.

Coverage-guided, by atheris (`make fuzz`). What is found is written to `.fuzz/TARGET/`
as `crash-...`; it becomes a line of FOUND in `tests/test_fuzz_targets.py`. With a seed
the same inputs are tried each time, as far as the time goes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FOLDER = CHECKOUT / ".fuzz"
# Bytes of one input, how slowly they become more, and the seconds that it may take.
OPTIONS = ("-max_len=4096", "-len_control=20", "-timeout=10", "-print_final_stats=1")


def fuzz(name: str, options: list[str]) -> None:
    """Fuzz one target in this process, which libFuzzer ends."""
    import atheris

    with atheris.instrument_imports(include=["api"]):
        from targets import TARGETS, WORDS

    target = TARGETS[name]
    corpus = FOLDER / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        corpus.joinpath(f"seed-{number}").write_bytes(seed)
    words = FOLDER / name / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS))
    found = f"-artifact_prefix={FOLDER / name}/"
    atheris.Setup(
        [sys.argv[0], str(corpus), f"-dict={words}", found, *options], target.run
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
        chosen = (f"-max_total_time={given.seconds}", f"-seed={given.seed}")
        fuzz(given.only, [*chosen, *OPTIONS])
    from targets import TARGETS

    failed = []
    for name in given.targets or TARGETS:
        print(f"== {name}", flush=True)
        here = [sys.executable, str(CHECKOUT / "tests" / "fuzz")]
        chosen = ["--seconds", str(given.seconds), "--seed", str(given.seed)]
        done = subprocess.run([*here, *chosen, "--only", name])
        failed += [name] if done.returncode else []
    print(f"failed: {', '.join(failed)}" if failed else "nothing was found")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tests")]
    sys.exit(main())
