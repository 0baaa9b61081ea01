"""The works that are measured, ours and the peers' in turn. Each yields its lines."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

import requests

from bench import wrk
from bench.processes import CHECKOUT, PEER_BIN, PEERS, Memory, Product, free_port
from bench.processes import running as server_running
from bench.report import Line, seconds
from bench.rows import batches, write_hires

# So many over three years make a metric of about 933 rows in one of them.
HIRES_OF_933_ROWS = 3_640
CREATE = (
    "create table hired_employees (id integer primary key, name text,"
    " datetime text, department_id integer, job_id integer);"
)


@dataclass(frozen=True)
class Scale:
    """How much of everything: rows, rounds, batches, seconds of traffic and of rest."""

    small: int = 2_000
    middle: int = 1_000_000
    large: int = 10_000_000
    rounds: int = 3
    batches: int = 15
    traffic: int = 3
    sequential: int = 100
    rest: int = 4


QUICK = Scale(
    small=2_000,
    middle=20_000,
    large=60_000,
    rounds=1,
    batches=2,
    traffic=1,
    sequential=10,
    rest=0,
)


class Works:
    """All works of one run, in a folder of their own."""

    def __init__(self, folder: Path, scale: Scale) -> None:
        self._folder = folder
        self._scale = scale
        self._seeds = count(1)
        # Of each size: how long a batch takes until it is served, and one upload.
        self._served: dict[int, list[float]] = {}
        self._uploaded: dict[int, float] = {}

    def lines(self) -> Iterator[Line]:
        """Measure everything, the quick things first."""
        yield from self._reads()
        with self._product("small", self._scale.small) as product:
            self._serve_batches(product, self._scale.small)
            yield from self._sequential(product)
        yield from self._start()
        yield from self._middle()
        yield from self._large()
        yield from self._until_served()

    def _middle(self) -> Iterator[Line]:
        rows, peers = self._scale.middle, self._peers()
        ours: list[float] = []
        with self._product("middle", self._scale.small) as product:
            theirs: dict[str, list[float]] = {name: [] for name in peers}
            for turn in range(self._scale.rounds):
                file = self._hires(rows, first_id=self._scale.small + 1 + turn * rows)
                ours.append(product.upload(file, "hired_employees", wait=False))
                product.until_built()
                for name, load in peers.items():
                    if not turn or name == "sqlite3 .import":
                        theirs[name].append(load(file))
                file.unlink()
        self._uploaded[rows] = median(ours)
        for name, taken in theirs.items():
            yield Line(
                f"{rows:,} hires uploaded, checked, durable",
                seconds(ours),
                f"{name} {seconds(taken)}",
                median(ours) / median(taken),
                most=0.8 if name == "sqlite3 .import" else None,
            )
        with self._product("million", rows) as product:
            self._serve_batches(product, rows)

    def _peers(self) -> dict[str, Callable[[Path], float]]:
        def peer(*command: str | Path) -> float:
            database = self._folder / "peer.db"
            for path in self._folder.glob("peer.db*"):
                path.unlink()
            schema = f"pragma journal_mode = wal; {CREATE}"
            make = ["sqlite3", str(database), schema]
            subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
            words = [str(database) if word == "DB" else str(word) for word in command]
            began = time.perf_counter()
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            return time.perf_counter() - began

        def by_import(file: Path) -> float:
            read = f".import --csv --skip 1 {file} hired_employees"
            return peer("sqlite3", "DB", read)

        def by_pandas(file: Path) -> float:
            script = PEERS / "pandas_to_sql.py"
            return peer(PEER_BIN / "python", script, file, "DB")

        def by_sqlite_utils(file: Path) -> float:
            insert = ("insert", "DB", "hired_employees", file, "--csv", "--silent")
            return peer(PEER_BIN / "sqlite-utils", *insert)

        return {
            "sqlite3 .import": by_import,
            "pandas.to_sql": by_pandas,
            "sqlite-utils": by_sqlite_utils,
        }

    def _large(self) -> Iterator[Line]:
        rows, middle = self._scale.large, self._scale.middle
        file = self._hires(rows, first_id=1)
        with self._product("large", self._scale.small) as product:
            with Memory(product.pid) as memory:
                taken = product.upload(file, "hired_employees", wait=False)
                product.until_built(600)
            yield Line(
                f"{rows:,} hires uploaded",
                f"{taken:.2f} s",
                f"{middle:,} in {self._uploaded[middle]:.2f} s",
                taken / self._uploaded[middle],
                most=12,
            )
            yield Line(
                f"memory meanwhile, and until {rows:,} are built",
                f"server {memory.server:.0f} MB",
                f"builder beside it {memory.builder:.0f} MB",
                memory.server,
                unit="MB",
                most=400,
            )
            self._serve_batches(product, rows)
        file.unlink()
        taken = self._full_refresh(product.warehouse)
        yield Line(
            f"full refresh of {rows:,}, whole process",
            f"{taken:.2f} s",
            "",
            taken,
            unit="s",
            most=30,
        )

    def _full_refresh(self, warehouse: Path) -> float:
        dbt = str(Path(sys.executable).with_name("dbt"))
        began = time.perf_counter()
        subprocess.run(
            [dbt, "run", "--full-refresh", "--quiet"],
            check=True,
            cwd=CHECKOUT,
            env={
                "PATH": "/usr/bin:/bin",
                "WAREHOUSE_DIR": str(warehouse),
                "DBT_TARGET_PATH": str(warehouse / "target"),
            },
        )
        return time.perf_counter() - began

    def _until_served(self) -> Iterator[Line]:
        small = self._scale.small
        fastest = median(self._served[small])
        for rows, taken in self._served.items():
            yield Line(
                f"1,000-row batch until served, on {rows:,}",
                seconds(taken),
                "" if rows == small else f"on {small:,} {fastest:.2f} s",
                median(taken) if rows == small else median(taken) / fastest,
                unit="s" if rows == small else "×",
                most={small: 0.6, self._scale.large: 1.5}.get(rows),
            )

    def _reads(self) -> Iterator[Line]:
        """The metric of the sample, against bare Flask and Datasette."""
        quiet = self._scale.traffic
        with self._product("reads", HIRES_OF_933_ROWS) as product:
            answer = requests.get(product.metric, timeout=60)
            rows, etag = len(answer.json()), answer.headers["ETag"]
            body = self._folder / "body.json"
            body.write_bytes(answer.content)
            with self._bare_flask(body) as bare, self._datasette(product) as datasette:
                ours, theirs, tables = [], [], []
                same, theirs_same = [], []
                for _ in range(self._scale.rounds):
                    ours.append(wrk.read(product.metric, quiet))
                    theirs.append(wrk.read(bare, quiet))
                    same.append(wrk.read(product.metric, quiet, etag))
                    theirs_same.append(wrk.read(bare, quiet, '"same"'))
                    tables.append(wrk.read(datasette, quiet))
            yield from _compared(f"GET of the {rows}-row metric", ours, theirs, 0.9)
            rates = [rate(ours), rate(tables)]
            yield Line(
                f"GET of the {rows}-row metric",
                f"{rates[0]:,.0f}/s",
                f"Datasette {rates[1]:,.0f}/s",
                rates[0] / rates[1],
                least=50,
            )
            calm = median(traffic.p99 for traffic in ours)
            other = median(traffic.p99 for traffic in theirs)
            yield Line(
                "99 of 100 answered within",
                f"{calm:.1f} ms",
                f"bare Flask {other:.1f} ms",
                calm,
                unit="ms",
                most=10,
            )
            yield from _compared("304 answers", same, theirs_same, 0.9)
            busy = self._busy(product)
            yield Line(
                "99 of 100, while loads and builds run",
                f"{busy.p99:.1f} ms",
                f"quiet {calm:.1f} ms",
                busy.p99 / calm,
                most=3,
            )

    def _busy(self, product: Product) -> wrk.Traffic:
        """The same reads beside a client that sends one batch after the other."""
        over = threading.Event()

        def send() -> None:
            for rows in batches(10_000, among=2_000, seed=next(self._seeds)):
                if over.is_set():
                    return
                product.send(rows, wait=True)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            return wrk.read(product.metric, 3 * self._scale.traffic)
        finally:
            over.set()
            sender.join()

    @contextmanager
    def _bare_flask(self, body: Path) -> Iterator[str]:
        port = str(free_port())
        url = f"http://127.0.0.1:{port}/"
        command = [str(PEER_BIN / "python"), str(PEERS / "bare_flask.py")]
        with server_running(
            [*command, str(body), port], url, self._folder, PYTHONPATH=str(PEERS)
        ):
            yield url

    @contextmanager
    def _datasette(self, product: Product) -> Iterator[str]:
        copy = self._folder / "metrics.db"
        published = product.warehouse / "published.db"
        dump = f"vacuum into '{copy}'"
        subprocess.run(["sqlite3", str(published), dump], check=True)
        port = str(free_port())
        table = f"http://127.0.0.1:{port}/metrics/quarterly_hires.json"
        url = f"{table}?year=2021&_size=max&_shape=array"
        command = [str(PEER_BIN / "datasette"), str(copy), "--port", port]
        with server_running(command, url, self._folder):
            yield url

    def _sequential(self, product: Product) -> Iterator[Line]:
        number = self._scale.sequential
        one, many = [], []
        for turn in range(self._scale.rounds):
            file = self._hires(number * 1_000, first_id=1 + turn)
            one.append(product.upload(file, "hired_employees", wait=False))
            product.until_built()
            sent = batches(number, among=number * 1_000, seed=next(self._seeds))
            many.append(sum(product.send(rows, wait=False) for rows in sent))
            product.until_built()
        yield Line(
            f"{number} sequential 1,000-row batches",
            seconds(many),
            f"one upload of {number * 1_000:,} {seconds(one)}",
            median(many) / median(one),
            most=10,
        )

    def _start(self) -> Iterator[Line]:
        taken = []
        for _ in range(self._scale.rounds):
            began = time.perf_counter()
            with Product(self._folder / "small").served():
                taken.append(time.perf_counter() - began)
        middle = median(taken)
        work = "start on a warm warehouse until the first metric"
        yield Line(work, f"{middle:.2f} s", "", middle, unit="s", most=3)

    def _serve_batches(self, product: Product, rows: int) -> None:
        sent = batches(self._scale.batches, among=rows, seed=next(self._seeds))
        self._served[rows] = [product.send(batch, wait=True) for batch in sent]

    def _hires(self, rows: int, first_id: int) -> Path:
        seed = next(self._seeds)
        path = self._folder / f"hires_{seed}.csv"
        return write_hires(path, rows, first_id, seed)

    @contextmanager
    def _product(self, name: str, rows: int) -> Iterator[Product]:
        """Our server on a warehouse with so many hires, all of them built."""
        warehouse = self._folder / name
        shutil.rmtree(warehouse, ignore_errors=True)
        with Product(warehouse).served() as product:
            for table in ("departments", "jobs"):
                product.upload(CHECKOUT / "seeds" / f"{table}.csv", table, wait=True)
            file = self._hires(rows, first_id=1)
            product.upload(file, "hired_employees", wait=True)
            file.unlink()
            # The builder puts its page of lineage in order while nobody waits.
            time.sleep(self._scale.rest)
            yield product
            # A build is served an instant before it has put everything away.
            time.sleep(1)


def _compared(
    work: str, ours: list[wrk.Traffic], theirs: list[wrk.Traffic], least: float
) -> Iterator[Line]:
    rates = [rate(ours), rate(theirs)]
    yield Line(
        work,
        f"{rates[0]:,.0f}/s",
        f"bare Flask {rates[1]:,.0f}/s",
        rates[0] / rates[1],
        least=least,
    )


def rate(traffic: list[wrk.Traffic]) -> float:
    return median(one.rate for one in traffic)
