"""A box of results on an environment's page, from a corpus of the reference study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coopetition.games.presets import STRONG, preset_id
from coopetition.pages.cells import table

#: Learners that are named in a box.
BEST = 3


def results(environment_id: str, corpus: str | Path) -> str:
    """What the study found on an environment and its strong preset, in Markdown; empty where it found nothing.

    Parameters
    ----------
    environment_id : str
        Of the published numbers.
    corpus : path
        Folder that `coopetition study publish` wrote; it need not exist.

    Returns
    -------
    str
        A section: of each mode the optimum and the worst nash found, the best of the 101 constants that all play, and
        the best learners, in total returns of the mode.
    """
    home = Path(corpus)
    if not (home / "yardsticks.parquet").is_file():
        return ""
    import polars as pl

    tables = {name: pl.read_parquet(home / f"{name}.parquet") for name in ("yardsticks", "reference", "runs")}
    rows = []
    for name, numbers in ((environment_id, "published"), (preset_id(environment_id, STRONG), STRONG)):
        mine = {key: found.filter(pl.col("environment") == name) for key, found in tables.items()}
        for scale in mine["yardsticks"].iter_rows(named=True):
            mode = pl.col("reward_mode") == scale["reward_mode"]
            done = mine["runs"].filter(mode & (pl.col("status") == "done"))
            learners = done.group_by("algorithm").agg(pl.col("return_total").mean(), pl.len())
            constants = mine["reference"].filter(mode & pl.col("policy").str.starts_with("constant_"))
            rows.append((numbers, scale["reward_mode"], *_cells(scale, constants, learners)))
    if not rows:
        return ""
    head = ("numbers", "mode", "optimum", "worst nash", "best constant", "best learners")
    text = (
        "From [the reference study](../study.md): total returns of the mode, and their share of the best open-loop "
        "plan that was found. A constant is a rate that everybody plays; of learners, means over training seeds."
    )
    return f"## Results\n\n{text}\n\n{table(head, rows)}\n"


def _cells(scale: dict[str, Any], constants: Any, learners: Any) -> Sequence[str]:
    """Optimum, nash, best constant and best learners of one mode."""
    best = scale["optimum"]

    def share(value: float) -> str:
        return f"{value / best:.1%}".replace("%", " %") if best is not None and best > 0.0 else f"{value:,.0f}"

    def total(value: float | None) -> str:
        if value is None:
            return ""
        return f"{value:,.0f} ({share(value)})" if best is not None and best > 0.0 else f"{value:,.0f}"

    import polars as pl

    constant = ""
    if constants.height:
        means = constants.group_by("policy").agg(pl.col("return_total").mean())  # over the draws of a game that draws
        policy, value = means.sort(["return_total", "policy"], descending=[True, False]).row(0)
        constant = f"{int(policy.rpartition('_')[2]) / 100:.2f}: {total(value)}"
    order = learners.sort(["return_total", "algorithm"], descending=[True, False]).head(BEST)
    named = [f"{name} {share(value)}" for name, value in order.select("algorithm", "return_total").iter_rows()]
    return (f"{best:,.0f}" if best is not None else "", total(scale["nash"]), constant, ", ".join(named))
