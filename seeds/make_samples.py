"""Write the sample history: departments, jobs and hires of an invented company.

Deterministic: the same Python writes the same three files, byte for byte.
Run `python seeds/make_samples.py` after changing anything here.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

SEEDS = Path(__file__).parent
HIRES = 2_000
FIRST_YEAR, LAST_YEAR = 2020, 2022
NOBODY_HIRED = ("Archives", 2021)

# Department and how many of every hundred hires it makes.
DEPARTMENTS = {
    "Engineering": 19,
    "Support": 15,
    "Sales": 14,
    "Logistics": 11,
    "Research": 9,
    "Marketing": 8,
    "Product": 7,
    "Finance": 5,
    "People": 5,
    "Legal": 3,
    "Security": 3,
    "Archives": 1,
}
LEVELS = ("Junior", "Senior", "Lead")
FIELDS = (
    "Account",
    "Accounting",
    "Analytics",
    "Audit",
    "Backend",
    "Billing",
    "Brand",
    "Campaign",
    "Compliance",
    "Content",
    "Contracts",
    "Data",
    "Database",
    "Delivery",
    "Design",
    "Documentation",
    "Facilities",
    "Field",
    "Fleet",
    "Forecasting",
    "Frontend",
    "Hardware",
    "Identity",
    "Infrastructure",
    "Insights",
    "Integration",
    "Inventory",
    "Learning",
    "Localization",
    "Market",
    "Mobile",
    "Network",
    "Onboarding",
    "Operations",
    "Partner",
    "Payments",
    "Payroll",
    "Performance",
    "Platform",
    "Policy",
    "Pricing",
    "Privacy",
    "Process",
    "Procurement",
    "Quality",
    "Records",
    "Recruiting",
    "Release",
    "Reliability",
    "Renewals",
    "Reporting",
    "Risk",
    "Routing",
    "Service",
    "Storage",
    "Strategy",
    "Supply",
    "Tax",
    "Training",
    "Treasury",
    "Warehouse",
)
GIVEN = """
Ada Amir Bea Carlos Chloe Dana Emeka Farid Greta Hana Igor Ines Jonas Keiko Lars
Leila Mateo Mina Nadia Noor Olga Omar Pavel Priya Quinn Rosa Sami Tariq Uma Yara
""".split()
FAMILY = """
Abbott Almeida Bauer Castillo Chen Dubois Eriksen Fischer Garcia Haddad Ivanova
Jensen Kato Kowalski Lopez Moreau Nguyen Okafor Park Quiroga Rossi Sato Silva
Tanaka Ueda Varga Weber Xu Young Zhang
""".split()


def hire_rows(rng: random.Random) -> Iterable[tuple[int, str, str, int, int]]:
    """Yield HIRES rows of id, name, UTC timestamp, department_id, job_id."""
    names = list(DEPARTMENTS)
    jobs = len(LEVELS) * len(FIELDS)
    start = datetime(FIRST_YEAR, 1, 1)
    seconds = int((datetime(LAST_YEAR + 1, 1, 1) - start).total_seconds())
    for employee_id in range(1, HIRES + 1):
        hired_at = start + timedelta(seconds=rng.randrange(seconds))
        department = rng.choices(names, list(DEPARTMENTS.values()))[0]
        if (department, hired_at.year) == NOBODY_HIRED:
            department = names[0]
        department_id = names.index(department) + 1
        # A department hires for its own third of the jobs, and now and then for others.
        home = (department_id * 17 + rng.randrange(jobs // 3)) % jobs
        job_id = 1 + (home if rng.random() < 0.8 else rng.randrange(jobs))
        name = f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"
        yield employee_id, name, f"{hired_at:%Y-%m-%dT%H:%M:%SZ}", department_id, job_id


def write(name: str, header: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Write `seeds/<name>.csv` with the header and the rows, LF at each end."""
    with (SEEDS / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


def main() -> None:
    """Write the three sample files."""
    jobs = [f"{level} {field} Specialist" for field, level in product(FIELDS, LEVELS)]
    write("departments", "id,department", enumerate(DEPARTMENTS, start=1))
    write("jobs", "id,job", enumerate(jobs, start=1))
    hires = hire_rows(random.Random(FIRST_YEAR))
    write("hired_employees", "id,name,datetime,department_id,job_id", hires)


if __name__ == "__main__":
    main()
