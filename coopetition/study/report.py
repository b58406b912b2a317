"""The report: a page and figures, from the corpus alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from coopetition.study.figures import draw_figures
from coopetition.study.reading import (
    MARGIN,
    MOVES,
    Corpus,
    beating_constants,
    exploited,
    game_effects,
    groups,
    ledger_measures,
    longer_effects,
    mode_effects,
    moving_cells,
    ranking,
    summed_rewards,
)
from coopetition.study.statistics import improvement, interquartile_mean, stratified_interval


def _interval(low: float, high: float) -> str:
    return f"[{low:.3f}, {high:.3f}]" if np.isfinite(low) else "(too few seeds)"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def write_report(corpus_folder: str | Path, page: str | Path, figures: str | Path) -> Path:
    """Write the page and its figures.

    Parameters
    ----------
    corpus_folder : path
    page : path
        A Markdown file.
    figures : path
        Folder for the figures, which the page names relative to itself.

    Returns
    -------
    Path
        Of the page.
    """
    corpus = Corpus(corpus_folder)
    home = Path(figures)
    home.mkdir(parents=True, exist_ok=True)
    target = Path(page)
    target.parent.mkdir(parents=True, exist_ok=True)
    drawn = draw_figures(corpus, home)
    links = {name: _relative(path, target) for name, path in drawn.items()}
    target.write_text(page_text(corpus, links), encoding="utf-8")
    return target


def write_measures(corpus_folder: str | Path, target: str | Path) -> Path:
    """Write what the ledger of published claims counts in a corpus, as the calibration keeps it.

    Parameters
    ----------
    corpus_folder : path
    target : path
        A JSON file; the package's own is ``coopetition/calibration/study.json``.

    Returns
    -------
    Path
        Of the file.
    """
    target = Path(target)
    text = json.dumps(ledger_measures(Corpus(corpus_folder)), indent=1) + "\n"
    target.write_text(text, encoding="utf-8")
    return target


def _relative(path: Path, page: Path) -> str:
    import os

    return Path(os.path.relpath(path, page.parent)).as_posix()


def page_text(corpus: Corpus, links: dict[str, str]) -> str:
    """The page; `links` are the figures that it shows, by name."""
    failed = corpus.runs.filter(pl.col("status") == "failed")
    up, down = (corpus.done.filter(way * pl.col("rising") > MOVES).height for way in (1, -1))
    known = corpus.done["rising"].count()
    impossible = corpus.excluded.filter(pl.col("kind") == "impossible")
    not_run = corpus.excluded.filter(pl.col("kind") == "not run")
    steps = sorted(corpus.done["environment_steps"].unique())
    parts = [
        "# What the reference study found",
        "Written by `coopetition study report` from the corpus alone; numbers in it are not typed by hand.",
        f"{corpus.runs.height:,} runs of {len(corpus.algorithms)} learners on {len(corpus.environments)} games "
        f"under {len(corpus.modes)} reward modes, of which {failed.height:,} failed; {impossible.height} cells of "
        f"learners and games do not exist ({', '.join(sorted(impossible['algorithm'].unique())) or 'none'}). Runs "
        f"took {', '.join(f'{step:,}' for step in steps)} environment steps. The efficiency is the summed private "
        "payoff over the best known, in every mode.",
        f"{up:,} of the {known:,} curves of which it is known ({up / max(known, 1):.0%}) still rise at their end, and "
        f"{down:,} ({down / max(known, 1):.0%}) still fall: the episodes of the last fifth of the steps earn more than "
        f"{MOVES:.0%} of the curve's range more, or less, than those of the fifth before. Curves fall where learners "
        "find out what leaving pays. Which move, and what more steps changed in some of them, stands below: what a "
        "learner would have come to in the others is not known. Of "
        f"{corpus.done['rising'].null_count():,} curves it is not known, since no episode ended in one of the two.",
    ]
    if not_run.height:
        parts.append(
            f"**This is part of a study.** {not_run.height:,} jobs have not been run: learners that lack games are not "
            "compared fairly with those that have them all; the column *games* says how many each has."
        )
    for kind, environments in groups(corpus.environments).items():
        parts += [
            f"## Does the reward mode change what learners do? ({kind} games)",
            "Learners of a team's reward (QMIX, VDN) are left out here: private and cooperative rewards have the same "
            "sums, and are one task to them.",
            _modes_table(corpus, environments),
        ]
        games = _games_table(corpus, environments)
        parts += [games] if games else []
        if f"modes-{kind}" in links:
            parts.append(f"![Efficiency by reward mode]({links[f'modes-{kind}']})")
        parts += [f"## Learners ({kind} games)", _learners_table(corpus, environments)]
        if f"profiles-{kind}" in links:
            parts.append(f"![Performance profiles]({links[f'profiles-{kind}']})")
    parts += ["## Against the best constant", _constants_table(corpus)]
    parts += ["## Distance from theory", _theory_table(corpus), "## The audit", _audit_table(corpus)]
    parts += ["## Cross-play", _ranking_tables(corpus), "## Held-out scenarios", _scenarios_table(corpus)]
    parts += ["## Curves that still move", _moving_table(corpus)]
    if corpus.chosen.height:
        parts += ["## Settings", _settings_table(corpus)]
    if "curves" in links:
        text = (
            "Means over learners and seeds, and the middle half of the runs; each point is over the same runs, of "
            "which each counts the episodes that ended in that part of its training."
        )
        parts += ["## Learning curves", text, f"![Learning curves]({links['curves']})"]
    parts += ["## Cost", _cost_table(corpus)]
    return "\n\n".join(parts) + "\n"


def _modes_table(corpus: Corpus, environments: Sequence[str]) -> str:
    rows = []
    for row in mode_effects(corpus, environments):
        mean, low, high = row["efficiency_gain"]
        rate, rate_low, rate_high = row["rate_mean_gain"]
        rows.append(
            [
                row["mode"],
                str(row["runs"]),
                f"{row['efficiency']:.3f}",
                f"{mean:+.3f} {_interval(low, high)}",
                f"{row['rate']:.3f}",
                f"{rate:+.3f} {_interval(rate_low, rate_high)}",
            ]
        )
    header = ("mode", "runs", "efficiency (IQM)", "less private, 95 % BCa over seeds", "rate", "less private")
    return _table(header, rows)


def _games_table(corpus: Corpus, environments: Sequence[str]) -> str:
    found = game_effects(corpus, environments)
    if not found:
        return ""
    modes = [mode for mode in corpus.modes if mode in found[0]]
    rows = []
    for row in sorted(found, key=lambda row: -row["gain"][0]):
        mean, low, high = row["gain"]
        rows.append(
            [
                row["environment"],
                *(f"{row[mode]:.3f}" for mode in modes),
                f"{mean:+.3f} {_interval(low, high)}",
                f"{row['above']} up, {row['below']} down, of {row['learners']}",
            ]
        )
    text = (
        "Game by game: mean efficiency of the learners that each earn their own reward, and what cooperative rewards "
        "add to private ones. The last column counts learners of which every seed earns more, or every seed less."
    )
    header = ("environment", *modes, "cooperative less private, 95 % BCa over seeds", "learners, all seeds")
    return text + "\n\n" + _table(header, rows) + "\n\n" + _sums_text(corpus, environments)


def _sums_text(corpus: Corpus, environments: Sequence[str]) -> str:
    """What sums of rewards would have said of the modes, beside what payoffs say."""
    rows = [
        [row["mode"], str(row["games"]), f"{row['payoffs']:.2f}", f"{row['rewards']:.2f}"]
        for row in summed_rewards(corpus, environments)
    ]
    text = (
        "Sums of rewards cannot be compared between modes, since each mode pays in a coin of its own: beside payoffs, "
        "what they would have said, both as shares of the payoffs under private rewards (medians over games)."
    )
    return text + "\n\n" + _table(("mode", "games", "payoffs", "rewards"), rows)


def _learners_table(corpus: Corpus, environments: Sequence[str]) -> str:
    rows = []
    submitted = set(corpus.submitted["algorithm"])
    for algorithm in corpus.entrants:
        cells = [f"{algorithm} (submitted)" if algorithm in submitted else algorithm]
        known = [np.isfinite(corpus.scores(mode, algorithm, environments)).any(axis=0) for mode in corpus.modes]
        cells.append(str(int(np.any(known, axis=0).sum())))
        for mode in corpus.modes:
            scores = corpus.scores(mode, algorithm, environments)
            low, high = stratified_interval(scores)
            cells.append(f"{interquartile_mean(scores):.3f} {_interval(low, high)}")
        first = corpus.scores(corpus.modes[-1], corpus.algorithms[0], environments)
        own = corpus.scores(corpus.modes[-1], algorithm, environments)
        cells.append(f"{improvement(own, first):.2f}")
        mine = corpus.done.filter((pl.col("algorithm") == algorithm) & pl.col("environment").is_in(list(environments)))
        ends = mine.filter(pl.col("reward_mode") == corpus.modes[0])["rising"].drop_nulls().to_numpy()
        cells.append(f"{np.mean(ends < -MOVES):.0%}" if ends.size else "")
        rows.append(cells)
    header = ["learner", "games", *(f"efficiency, {mode}" for mode in corpus.modes)]
    header += [f"P(beats {corpus.algorithms[0]}), {corpus.modes[-1]}", f"curves that still fall, {corpus.modes[0]}"]
    return _table(header, rows)


def _constants_table(corpus: Corpus) -> str:
    found = beating_constants(corpus)
    won = [row for row in found if row["beats"]]
    rows = [
        [row["environment"], row["mode"], f"{row['constant']:,.0f}", row["learner"], f"{row['payoff']:,.0f}",
         f"{row['payoff'] / row['constant']:.3f}" if row["constant"] > 0 else "", "yes" if row["beats"] else ""]
        for row in found
    ]  # fmt: skip
    text = (
        f"In {len(won)} of {len(found)} games and modes the mean of the best learner's seeds lies more than "
        f"{MARGIN:.0%} above the best of the 101 constants played by everybody."
    )
    header = ("environment", "mode", "best constant", "best learner", "its payoff", "ratio", "beats it")
    return text + "\n\n" + _table(header, rows)


def _theory_table(corpus: Corpus) -> str:
    rows = []
    for mode in corpus.modes:
        mine = corpus.done.filter(pl.col("reward_mode") == mode)
        normalised = mine["normalised"].drop_nulls()
        rows.append(
            [
                mode,
                f"{_median(mine['efficiency']):.3f}",
                f"{_median(normalised):.3f} ({normalised.len()} of {mine.height} runs)" if normalised.len() else "",
                f"{_median(exploited(mine)):.4f}",
            ]
        )
    header = (
        "mode",
        "efficiency (median)",
        "nash to optimum (median)",
        "largest gain found, share of the agent's own return (median)",
    )
    return _table(header, rows)


def _median(column: pl.Series) -> float:
    """NaN of nothing."""
    known = column.drop_nulls().to_numpy()
    return float(np.median(known)) if known.size else float("nan")


def _audit_table(corpus: Corpus) -> str:
    classes = corpus.audit.filter(pl.col("audit") == "class")
    counts = classes.group_by("reward_mode", "label").len()
    found = {(mode, label): count for mode, label, count in counts.iter_rows()}
    labels = ("immune", "late", "early", "broad")
    rows = [[mode, *(str(found.get((mode, label), 0)) for label in labels)] for mode in corpus.modes]
    text = (
        f"{classes.height:,} policies were audited: the trained networks themselves. A policy is immune where no "
        "deviation in time (one of five rates for ever, from one of some eleven steps on) gains 1 % of the agent's own "
        "return, which is no proof that nothing does; late where only those do that start in the last "
        "fifth of the undisturbed episode, early where only those that start before, broad where both do. Learners see "
        "the clock, but what lies behind the horizon's end counts in their returns as if play went on (they bootstrap "
        "over it), so that deviations in the last steps ask for something that they were not trained for."
    )
    return text + "\n\n" + _table(("mode", *labels), rows)


def _ranking_tables(corpus: Corpus) -> str:
    parts = []
    for kind, environments in groups(corpus.environments).items():
        for mode in corpus.modes:
            ranked, dropped = ranking(corpus, environments, mode)
            if ranked:
                names = ", ".join(f"{name} ({mass:.2f})" for name, mass in ranked[:5])
                lacking = f" (not ranked, since they lack games: {', '.join(dropped)})" if dropped else ""
                parts.append(f"- {kind} games, {mode} rewards: {names}{lacking}")
    text = (
        "Alpha-rank of the mean focal return against homogeneous fields, each environment in units of its own spread; "
        "only entrants that there are in every game are ranked. In games of at most six agents returns are means over "
        "all seats of a role, in larger ones those of its first seat."
    )
    return text + "\n\n" + "\n".join(parts)


def _scenarios_table(corpus: Corpus) -> str:
    if not corpus.scenarios.height:
        return "No scenarios were played."
    # Ratios have no bounds where the best response found earns next to nothing: medians, not means.
    known = corpus.scenarios.filter(pl.col("best_response") > 0.0)
    found = (
        known.group_by("entrant")
        .agg(pl.col("normalised").median(), pl.col("normalised").quantile(0.1).alias("low"), pl.len())
        .sort("normalised", "entrant", descending=[True, False], nulls_last=True)
    )
    rows = [
        [entrant, f"{middle:.3f}" if middle is not None else "", f"{low:.3f}" if low is not None else "", str(count)]
        for entrant, middle, low, count in found.iter_rows()
    ]
    text = (
        f"Of {corpus.scenarios.height:,} plays of scenarios {corpus.scenarios.height - known.height:,} are left out, "
        "in which the best response found earns nothing."
    )
    header = ("entrant", "focal return over the best response's (median)", "a tenth is below", "plays")
    return text + "\n\n" + _table(header, rows)


def _moving_table(corpus: Corpus) -> str:
    cells = moving_cells(corpus)
    known = corpus.done.filter(pl.col("rising").is_not_null())
    total = known.select("environment", "reward_mode", "algorithm").unique().height
    text = (
        f"In {cells.height:,} of {total:,} cells of whose curves it is known, the mean over seeds of what the last "
        f"fifth of the steps gained or lost, as a share of the curve's range, is above {MOVES:.0%}."
    )
    names: dict[tuple[str, str], list[str]] = {}
    for row in cells.sort("environment", "algorithm", "reward_mode").iter_rows(named=True):
        gain = f"{row['reward_mode']} {row['rising']:+.0%} ({row['seeds']} of {row['of']})"
        names.setdefault((row["environment"], row["algorithm"]), []).append(gain)
    rows = [[environment, algorithm, ", ".join(gains)] for (environment, algorithm), gains in names.items()]
    parts = [text]
    if rows:
        parts.append(_table(("environment", "learner", "modes: gain or loss (seeds that move)"), rows))
    longer = longer_effects(corpus)
    if longer:
        body = [
            [
                row["environment"], row["algorithm"], row["reward_mode"],
                f"{row['environment_steps']:,.0f}", f"{row['environment_steps_longer']:,.0f}",
                f"{row['efficiency']:.3f}", f"{row['efficiency_longer']:.3f}", f"{row['rising_longer'] or 0.0:+.0%}",
            ]
            for row in longer
        ]  # fmt: skip
        header = ("environment", "learner", "mode", "steps", "longer", "efficiency", "then", "still gains")
        parts += ["What more steps changed:", _table(header, body)]
    return "\n\n".join(parts)


def _settings_table(corpus: Corpus) -> str:
    rows = []
    for algorithm in sorted(corpus.chosen["algorithm"].unique()):
        mine = corpus.chosen.filter(pl.col("algorithm") == algorithm)
        (best,) = mine.filter(pl.col("chosen")).iter_rows(named=True)
        own = mine.filter(pl.col("own"))
        had = f"{own['score'][0]:.3f}" if own.height else ""
        values = ", ".join(f"{name} {value:g}" for name, value in json.loads(best["candidate"]).items())
        rows.append([algorithm, values, f"{best['score']:.3f}", had, str(mine.height), str(best["cells"])])
    text = (
        "One set a learner for all games, chosen on four with seeds that the study does not use. The score says how "
        "well a learner does what it is asked: return over optimum where the reward is shared, else one less the gains "
        "that agents find by leaving their policies, as a share of what they earn."
    )
    return text + "\n\n" + _table(("learner", "chosen", "score", "its own", "candidates", "games and modes"), rows)


def _cost_table(corpus: Corpus) -> str:
    costs = corpus.done.group_by("algorithm").agg(
        (pl.col("cpu_seconds").sum() / 3600.0).alias("hours"), pl.len().alias("runs"), pl.col("cpu_seconds").mean()
    )
    rows = [
        [name, str(count), f"{hours:.2f}", f"{mean:.1f}"]
        for name, hours, count, mean in costs.sort("hours", descending=True).iter_rows()
    ]
    total = float(corpus.done["cpu_seconds"].sum()) / 3600.0
    games = corpus.done.group_by("environment").agg((pl.col("cpu_seconds").sum() / 3600.0).alias("hours"), pl.len())
    body = [
        [name, str(count), f"{hours:.2f}"] for name, hours, count in games.sort("hours", descending=True).iter_rows()
    ]
    return (
        f"{total:.2f} core-hours of training and evaluation in all.\n\n"
        + _table(("learner", "runs", "core-hours", "seconds a run"), rows)
        + "\n\n"
        + _table(("environment", "runs", "core-hours"), body)
    )
