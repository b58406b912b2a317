"""Fill the Equilibria section of the environments' docstrings from docs/equilibria.json.

``python docs/fill_equilibria.py`` writes what lies between the markers; ``--check`` only says whether it would change.
"""

from __future__ import annotations

import argparse
import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

from coopetition.envs import ENVIRONMENTS

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "equilibria.json"
ENVS = HERE.parent / "coopetition" / "envs"
BLOCK = re.compile(r"(<!-- equilibria: docs/fill_equilibria.py -->\n\n).*?(\n\n<!-- end of equilibria -->)", re.S)
CONCEPTS = {"nash": "Nash", "coopetitive": "coopetitive", "social_optimum": "optimum"}


def number(value: float) -> str:
    """Five significant digits."""
    return f"{value:.5g}"


def cell(values: list[float]) -> str:
    """One number for all, or runs of equal neighbours: ``212.02, 139.71 x4``."""
    texts = [number(value) for value in values]
    if len(set(texts)) == 1:
        return f"{texts[0]} each"
    runs = [(text, len(list(group))) for text, group in groupby(texts)]
    return ", ".join(text if count == 1 else f"{text} x{count}" for text, count in runs)


def section(environment_id: str, entry: dict[str, Any]) -> str:
    """What stands between the markers."""
    rows = ["| concept | levels a | payoffs pi | utilities U |", "|---|---|---|---|"]
    for concept, name in CONCEPTS.items():
        found = entry[concept]
        cells = (name, *(cell(found[key]) for key in ("actions", "payoffs", "utilities")))
        rows.append("| " + " | ".join(cells) + " |")
    price = entry["price_of_anarchy"]
    stated = "is not defined, since a sum is not positive" if price is None else f"{number(price)}"
    return (
        "\n".join(rows)
        + f"\n\nPrice of anarchy: {stated}.\n\n"
        + f"`coopetition solve {environment_id} --concept nash` computes them with a certificate, as do the\n"
        + "concepts `coopetitive` and `social_optimum`."
    )


def filled(environment_id: str, text: str, entries: dict[str, Any]) -> str:
    """A module's source, or its docstring, with the section of its environment filled."""
    made = section(environment_id, entries[environment_id])
    new, count = BLOCK.subn(lambda found: found[1] + made + found[2], text)
    if count != 1:
        raise ValueError(f"{environment_id}: {count} marked sections, expected 1")
    return new


def main() -> None:
    """Fill all twenty."""
    reader = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    reader.add_argument("--check", action="store_true", help="change nothing; fail if something would change")
    only_check = reader.parse_args().check
    entries = json.loads(SOURCE.read_text(encoding="utf-8"))
    stale = []
    for environment_id, (module, _) in ENVIRONMENTS.items():
        path = ENVS / f"{module}.py"
        old = path.read_text(encoding="utf-8")
        new = filled(environment_id, old, entries)
        if new != old:
            stale.append(environment_id)
            if not only_check:
                path.write_text(new, encoding="utf-8")
    if stale:
        print(("stale: " if only_check else "filled: ") + ", ".join(stale))
    if stale and only_check:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
