"""The sections of a page that follow from the game: agents, spaces, rewards, start, ends, equilibria, arguments."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from coopetition.batching.batch import Batch
from coopetition.games.fields import between_others, from_others, others, own_first, towards_others
from coopetition.games.game import Game
from coopetition.games.presets import STRONG, preset_class, preset_id, presets_of
from coopetition.games.rewards import reward_mode_class, reward_mode_names
from coopetition.pages.cells import (
    argument,
    domain_of,
    groups_of,
    interval,
    matrix,
    names_of,
    number,
    runs,
    shared,
    table,
)

#: State that the driver keeps for itself.
BOOKKEEPING = ("ended", "outcome", "payoff_total", "reward_total")
WHOSE: dict[Any, str] = {
    own_first: "own, then the others'",
    others: "of the others, in index order",
    towards_others: "towards each other",
    from_others: "of each other towards i",
    between_others: "between the others",
}
#: The same of what an environment adds, by its shape.
ADDED: dict[Any, str] = {("n",): ": own, then the others'", ("n", "n"): ": towards each other"}
CONCEPTS = {"nash": "Nash", "coopetitive": "coopetitive", "social_optimum": "optimum"}
#: The rate that everybody plays in the worked step.
WORKED_RATE = 0.5


def agents(game: Game) -> str:
    """Who plays, with what, and what is expected of them."""
    columns = [game.endowment, game.baseline]
    head = ["index", "name", "endowment e", "baseline b"]
    shares = getattr(game.parameters, "shares", None)
    if shares is not None:
        columns.append(np.asarray(shares))
        head.append("share alpha")
    rows = []
    for group in groups_of(game.agents, *columns):
        index = str(group[0]) if len(group) == 1 else f"{group[0]}-{group[-1]}"
        rows.append((index, names_of(game.agents, group), *(number(column[group[0]]) for column in columns)))
    return table(head, rows)


def action_space(game: Game) -> str:
    """What an action is."""
    unit = type(game.parameters).domain("endowment").unit
    rows = [
        (names_of(game.agents, group), "rate c = a / e", "0", "1", f"{number(game.endowment[group[0]])} {unit}")
        for group in groups_of(game.agents, game.endowment)
    ]
    if game.axes > 1:
        rows.append((names_of(game.agents, range(game.n)), "intensity k", "0", "1", ""))
        return (
            "Two numbers an agent, a rate and an intensity, `Box(0, 1, (2,), float32)`, equal for all; joint control "
            "plays `(2 N,)`, one agent's after another's, and a batch `(B, N, 2)`. "
            '`action_scale="endowment"` plays levels in [0, e_i] and intensities in [0, 1], `"symmetric"` both in '
            "[-1, 1]. What is out of bounds is clipped; "
            "`strict_actions=True` raises. Policies that speak of a rate play an intensity of 0.\n\n"
            + table(("agent", "unit", "min", "max", "a at the maximum"), rows)
        )
    return (
        'One number an agent, `Box(0, 1, (1,), float32)`, equal for all. `action_scale="endowment"` plays levels in '
        '[0, e_i], `"symmetric"` plays [-1, 1]. What is out of bounds is clipped; `strict_actions=True` raises.\n\n'
        + table(("agent", "unit", "min", "max", "a at the maximum"), rows)
    )


def _meanings(game: Game) -> dict[str, str]:
    """What each part of an observation is."""
    found = {"own_rate": "c_i, of the last step", "other_rates": "c_j of the others, in index order"}
    found["time"] = "steps played, over the horizon"
    for column in game.family.columns:
        found[column.name] = f"{game.layout[column.field].meaning}: {WHOSE.get(column.pick, '')}".rstrip(": ")
    for line in game.additions:
        whose = ADDED.get(line.shape, "")
        found[line.name] = line.meaning + whose
    return found


def observation_space(game: Game) -> str:
    """What agents see, column by column."""
    full = Game(game.parameters, game.mode, "full", game.action_scale)
    added = [name for name in full.observation_layout if name not in game.observation_layout]
    moves = "`revealed` and `moved`" if game.axes == 1 else "`revealed`, `moved` and `revealed_intensity`"
    meanings = _meanings(game)
    rows = [
        (name, f"{part.start}:{part.stop}", "0", "1", meanings.get(name, ""))
        for name, part in game.observation_layout.items()
    ]
    return (
        f'`O = {game.observation_size}` numbers an agent, float32. `observation="full"` adds '
        f"{', '.join(added) or 'nothing'}: `O_full = {full.observation_size}`. The joint state, `state()`, has "
        f"`S = {game.joint_size}`: {', '.join(game.joint_layout)}. Sequential AEC views append {moves}, "
        "N each."
        "\n\n" + table(("name", "columns", "min", "max", "meaning"), rows)
    )


def rewards(game: Game) -> str:
    """The reward modes that there are."""
    lines = ["`reward_mode` chooses the layer above payoffs; the dynamics never depend on it.", ""]
    for name in reward_mode_names():
        lines.append(f'- `"{name}"`{" (default)" if name == "integrated" else ""}: {reward_mode_class(name).about}.')
    lines += ["- an N x N matrix M: sum_j M_ij pi_j, and no other term.", ""]
    lines.append(
        "Payoffs and utilities are reported in every mode. Rewards are float32, payoffs and utilities float64."
    )
    return "\n".join(lines)


def starting_state(game: Game) -> str:
    """The state at reset, and what a reset may set."""
    rows = []
    for name, field in game.layout.items():
        if name in BOOKKEEPING:
            continue
        values = game.initial_state[field.rows].reshape(field.shape)
        pair = field.shape == (game.n, game.n)
        start = "drawn" if not np.isfinite(values).all() else matrix(values) if pair else shared(values)
        shape = "N x N" if pair else "N x k" if len(field.shape) == 2 else "N" if field.shape == (game.n,) else ""
        if len(field.shape) == 1 and field.shape != (game.n,):
            shape = str(field.shape[0])
        allowed = interval(field.low, field.high) if field.settable else "fixed"
        rows.append((name, shape, start, allowed, field.meaning))
    return table(("name", "shape", "at reset", "range for `options=`", "meaning"), rows)


def _with_value(parameters: Any, name: str) -> str:
    """A parameter in a sentence, and its value."""
    return f"`{name} = {shared(getattr(parameters, name))}`"


def ends(game: Game) -> str:
    """How an episode ends."""
    p: Any = game.parameters
    lines = [f"- Truncated after `horizon = {game.horizon}` steps, unless the same step terminates."]
    own = [name for name in game.outcomes if name not in ("", "collapsed", "recovered")]
    if math.isfinite(getattr(p, "recovery_target", math.inf)):
        target = _with_value(p, "recovery_target")
        lines.append(f"- Terminated, outcome `recovered`, when watched trust reaches {target}.")
    if getattr(p, "collapse_threshold", 0.0) > 0.0:
        lines.append(
            f"- Terminated, outcome `collapsed`, when watched trust falls below "
            f"`collapse_threshold = {number(p.collapse_threshold)}`."
        )
    if hasattr(p, "watched") and len(lines) > 1:
        weights = p.watched()
        every = np.allclose(weights[~np.eye(game.n, dtype=bool)], 1.0 / (game.n * (game.n - 1)))
        pairs = [f"{game.agents[i]} in {game.agents[j]}" for i, j in zip(*np.nonzero(weights), strict=True)]
        named = ", ".join(pairs) if len(pairs) <= 8 else f"{len(pairs)} ordered pairs"
        lines.append(f"- Watched is mean trust over {'all ordered pairs' if every else named}.")
    for name in own:
        rule = re.sub(
            r"`(\w+)`", lambda word: _with_value(p, word[1]), p.ends.get(name, "by its own rule, see Dynamics")
        )
        lines.append(f"- Terminated, outcome `{name}`, {rule}.")
    if len(lines) == 1:
        lines.append("- Never terminates.")
    return "\n".join(lines)


def equilibria(game: Game, entry: Mapping[str, Any] | None) -> str:
    """The stage game at the start, solved; of `entry`, with actions, payoffs and utilities by concept."""
    command = (
        f"`coopetition solve {game.id} --concept nash` computes them with a certificate, as do the concepts "
        "`coopetitive` and `social_optimum`."
    )
    if entry is None:
        return command
    rows = []
    for concept, name in CONCEPTS.items():
        parts = [np.asarray(entry[concept][key]) for key in ("actions", "payoffs", "utilities")]
        if game.axes > 1:
            parts[:1] = parts[0].T
        rows.append((name, *(runs(part, ".5g") for part in parts)))
    price = entry["price_of_anarchy"]
    stated = "is not defined, since a sum is not positive" if price is None else f"{price:.5g}"
    return (
        "Stage game at the starting state and the defaults. Nash: each maximises pi_i. Coopetitive: each maximises "
        "U_i. Optimum: the largest sum of payoffs. Price of anarchy: the sum at the optimum over the sum at this Nash "
        "equilibrium.\n\n"
        + table(("concept", "levels a", *["intensities k"] * (game.axes - 1), "payoffs pi", "utilities U"), rows)
        + f"\n\nPrice of anarchy: {stated}.\n\n{command}"
    )


def arguments(game: Game) -> str:
    """Every parameter; in bold what the environment itself sets or adds."""
    p = game.parameters
    cls = type(p)
    own = p.published_class().__dict__.get("__annotations__", {})
    ordered = sorted(dataclasses.fields(cls), key=lambda field: field.name not in own)
    rows = []
    for field in ordered:
        domain = cls.domain(field.name)
        name = f"**{field.name}**" if field.name in own else field.name
        value = argument(getattr(p, field.name), domain)
        rows.append((name, value, domain.unit, domain_of(domain), cls.about(field.name)))
    return (
        "In bold what this environment sets or adds; the rest is the family's. `reward_mode`, `observation`, "
        "`action_scale` and the views' options come beside these.\n\n"
        + table(("name", "default", "unit", "domain", "meaning"), rows)
    )


def presets(game: Game) -> str:
    """Other numbers for the same mechanism, side by side."""
    cls = game.parameters.published_class()
    names = presets_of(cls)
    if len(names) == 1:
        return "The published numbers only."
    games = [preset_class(cls, preset)() for preset in names]
    set_anew = dict.fromkeys(name for preset in names[1:] for name in cls.presets[preset])
    resolved = [
        field.name
        for field in dataclasses.fields(cls)
        if cls.domain(field.name).kind not in ("agents", "pairs")
        and len({getattr(parameters, field.name) for parameters in games}) > 1
    ]
    rows = [
        (name, *(argument(getattr(parameters, name), cls.domain(name)) for parameters in games))
        for name in dict.fromkeys((*set_anew, *resolved))
    ]
    has_id = f"; `strong` has an id of its own, `{preset_id(cls.id, STRONG)}`" if STRONG in names else ""
    return f"`preset=` replaces defaults{has_id}.\n\n" + table(("parameter", *names), rows)


def constant_rates(game: Game) -> str:
    """What whole episodes pay when everybody keeps to one rate, at a few rates and at the baseline's."""
    rates = {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}
    if (game.baseline_rate == game.baseline_rate[0]).all():
        rates.add(float(game.baseline_rate[0]))
    tried = sorted(rates)
    played = Game(game.parameters.without_chance(), game.mode)
    batch = Batch(played, len(tried), autoreset="disabled")
    drawn, options = _middle_gamma(played)
    batch.reset(seed=0, options=options)
    everybody = game.levels_of(np.repeat(np.array(tried)[:, None], game.n, axis=1))
    batch.rollout(actions=everybody[None].repeat(game.horizon, axis=0))
    state, ends = batch.state(), batch.outcomes()
    totals = [f"{total:,.0f}" for total in state["payoff_total"].sum(axis=1)]
    rows = [(f"{rate:g}", f"{state['time'][k]:.0f}", ends[k] or "horizon", totals[k]) for k, rate in enumerate(tried)]
    alone = " and to no intensity" if game.axes > 1 else ""
    return f"Whole episodes in which everybody keeps to one rate{alone}{drawn}.\n\n" + table(
        ("rate", "steps", "end", "sum of payoffs"), rows
    )


def _middle_gamma(game: Game) -> tuple[str, dict[str, float]]:
    """Where gamma is drawn, the middle of its range: in words, and for a reset."""
    if not game.random_gamma:
        return "", {}
    middle = float(np.mean(game.parameters.gamma_range))  # type: ignore[attr-defined]
    return f" and gamma {middle:g}", {"gamma": middle}


def worked_step(game: Game) -> str:
    """Payoffs and utilities of the first step when everybody plays half."""
    batch = Batch(Game(game.parameters, game.mode), 1, autoreset="disabled")
    drawn, options = _middle_gamma(game)
    batch.reset(seed=0, options=options)
    batch.step(np.full((1, *game.action_shape), WORKED_RATE))
    payoffs, utilities = (runs(values[0], ".3f") for values in (batch.payoffs, batch.utilities))
    both = " and intensities" if game.axes > 1 else ""
    return f"First step, all rates{both} {WORKED_RATE:g}{drawn}: payoffs {payoffs}; utilities {utilities}."
