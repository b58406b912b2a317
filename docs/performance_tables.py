"""Measure, and write the tables of docs/performance.md.

Run ``python docs/performance_tables.py measure`` on a quiet machine (some ten minutes; it keeps the run in
docs/performance.json, which ``coopetition bench --compare`` reads too), then ``page``; both by default.
"""

from __future__ import annotations

import json
import pathlib
import sys

from coopetition.benchmarks import Report, measure
from coopetition.benchmarks.report import markdown

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- begin tables -->", "<!-- end tables -->"


def run() -> None:
    """Measure everything."""
    report = measure(report=lambda section: print(section, "...", flush=True))
    (HERE / "performance.json").write_text(json.dumps(report.to_dict(), indent=1) + "\n")


def tables() -> str:
    """The machine and the tables of the kept run, as Markdown."""
    report = Report.from_dict(json.loads((HERE / "performance.json").read_text()))
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    return f"Measured on: {machine}.\n\n{markdown(report)}"


def page() -> None:
    """Fill the tables in."""
    path = HERE / "performance.md"
    before, rest = path.read_text().split(BEGIN)
    path.write_text(f"{before}{BEGIN}\n{tables()}{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    for name in sys.argv[1:] or ["measure", "page"]:
        {"measure": run, "page": page}[name]()
