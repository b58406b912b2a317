"""``coopetition demo``: what the suite is about, in one screen."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coopetition.commands.asking import console, print_json
from coopetition.commands.options import Json
from coopetition.commands.tables import Column, Rows, print_rows

if TYPE_CHECKING:
    from coopetition.baselines import EpisodeRecord

#: The game of the story, and how many steps of it are told.
GAME = "TrustDilemma-v0"
STEPS = 40
#: When one of the two lets the other down, and for how long.
BETRAYAL = slice(12, 16)
#: Of the audit of the case: enough for a sentence.
DRAWS = 200
BLOCKS = " ▁▂▃▄▅▆▇█"
PICTURE = Path("coopetition-demo.png")


def sparkline(values: np.ndarray) -> str:
    """Values in [0, 1] as a line of blocks."""
    places = np.clip(np.rint(values * (len(BLOCKS) - 1)), 0, len(BLOCKS) - 1).astype(int)
    return "".join(BLOCKS[place] for place in places)


def _episode(betrayed: bool) -> tuple[np.ndarray, float]:
    """Mean trust after each step, and what the two earned together."""
    import coopetition

    batch = coopetition.batch(GAME, autoreset="disabled", observe=False, horizon=STEPS, reward_mode="private")
    batch.reset(seed=0)
    trust = []
    for step in range(STEPS):
        rates = np.full((1, 2), 0.8)
        if betrayed and BETRAYAL.start <= step < BETRAYAL.stop:
            rates[0, 1] = 0.0
        batch.step(rates)
        trust.append(batch.read("trust")[0].sum() / 2.0)
    return np.array(trust), float(batch.read("payoff_total")[0].sum())


def _moral() -> Rows:
    """What three simple policies earn, against themselves and against one who takes."""
    from coopetition.baselines import evaluate

    cells = []
    for name in ("constant_100", "constant_000", "tit_for_tat"):
        options = {"episodes": 1, "normalise": False, "exploitability": False}
        alone = evaluate("PublicGoods-v0", name, **options)  # type: ignore[arg-type]
        beside = evaluate("PublicGoods-v0", [name] * 4 + ["constant_000"], **options)  # type: ignore[arg-type]
        cells.append(
            (
                name,
                f"{np.mean([row.payoff for row in alone]):,.0f}",
                f"{np.mean([row.payoff for row in beside[:4]]):,.0f}",
                f"{beside[4].payoff:,.0f}",
            )
        )
    columns = (
        Column("policy", justify="left"),
        Column("earns among\nits own kind"),
        Column("earns beside\na free rider"),
        Column("the free\nrider earns", 5),
    )
    return Rows("A public good, five players, 100 steps", columns, cells)


def _draw(record: EpisodeRecord) -> str | None:
    """Where the picture is, or None without the library."""
    try:
        from coopetition.plot import episode

        episode(record, PICTURE)
    except (ImportError, OSError):
        return None
    return str(PICTURE)


def demo(
    as_json: Json = False,
) -> None:
    """Tell a story: trust lost and kept, a dilemma, a validated case, a picture, and what to try next."""
    from coopetition.baselines import record_episode
    from coopetition.calibration import validate

    if as_json:
        told = {"kept": _episode(betrayed=False), "lost": _episode(betrayed=True)}
        trust = {name: {"trust": values.tolist(), "payoff": earned} for name, (values, earned) in told.items()}
        print_json({"environment": GAME, **trust, "public_goods": [list(row) for row in _moral().cells]})
        return
    out = console()
    began = time.monotonic()
    out.print("[dim]compiling kernels once, a few seconds; later runs find them on disk ...[/dim]")
    kept, earned = _episode(betrayed=False)
    lost, earned_less = _episode(betrayed=True)
    out.print(f"\n[bold]Trust is slow to build and quick to lose[/bold] ({GAME}, mean trust over {STEPS} steps)")
    out.print(f"  both give 80 %                  {sparkline(kept)}  {kept[-1]:.2f}, they earn {earned:,.0f}")
    out.print(f"  one gives nothing for 4 steps   {sparkline(lost)}  {lost[-1]:.2f}, they earn {earned_less:,.0f}\n")
    print_rows(out, _moral())
    out.print("Giving pays together and loses alone: what would a learner find?\n")
    report = validate("slcd", count=DRAWS)
    out.print(f"[bold]{report.case.title}[/bold], validated")
    for variant in report.variants[:2]:
        out.print(f"  {variant.label}: {variant.score:.4g} of {report.total:g} by the published rubric")
    draws = report.published.draws
    out.print(
        f"  random parameters reach that in {100 * draws.reaching:.0f} % of {len(draws.scores):,} draws (audited)"
    )
    picture = _draw(record_episode("GiftExchange-v0", ["constant_060", "tit_for_tat"]))
    if picture is not None:
        out.print(f"\na picture of an episode of gifts: {picture}")
    else:
        out.print("\nfor pictures: pip install 'coopetition[plot]'", markup=False)
    out.print(
        "try next: coopetition list · coopetition evaluate PublicGoods-v0 · coopetition solve SLCD-v0 · "
        "coopetition train TrustDilemma-v0"
    )
    out.print(f"[dim]{time.monotonic() - began:.0f} s[/dim]")
