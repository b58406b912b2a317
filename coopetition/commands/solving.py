"""``coopetition solve``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coopetition.commands.asking import (
    console,
    figure_path,
    make_game,
    print_json,
    read_settings,
    refusals,
    refuse,
    say_written,
)
from coopetition.commands.options import Id, Json, Plot, Preset, Settings, complete_concepts, complete_modes
from coopetition.commands.tables import Column, Rows, print_rows, text

if TYPE_CHECKING:
    from rich.console import Console


def _state_of(texts: list[str] | None) -> dict[str, Any]:
    """Parts of the state from options such as ``trust=0.9`` or ``loyalty=[0.2,0.5]``, or one JSON object."""
    state: dict[str, Any] = {}
    for given in texts or []:
        if given.lstrip().startswith("{"):
            try:
                state.update(json.loads(given))
            except json.JSONDecodeError as error:
                raise refuse(f"--state {given!r} is not JSON: {error}") from None
            continue
        for name, value in read_settings([given], "--state", "trust=0.9").items():
            if isinstance(value, str):
                raise refuse(f"--state {given!r}: {value!r} is neither a number nor a list")
            state[name] = value
    return state


def _print_solution(out: Console, found: Any) -> None:
    title = f"{found.environment}: {found.concept} ({found.objective})"
    columns = (
        text("agent"),
        Column("level"),
        *([Column("intensity")] if found.actions.ndim == 2 else []),
        Column("payoff", 8),
        Column("utility", 6),
        Column("gain of the\nbest deviation", 7),
    )
    cells = [
        (
            agent,
            *(f"{number:.6f}" for number in found.actions[i].reshape(-1)),
            f"{found.payoffs[i]:.6f}",
            f"{found.utilities[i]:.6f}",
            f"{found.certificate.gains[i]:.2e}",
        )
        for i, agent in enumerate(found.agents)
    ]
    print_rows(out, Rows(title, columns, cells))
    word = "converged" if found.converged else "NOT CONVERGED: this is not a solution"
    out.print(
        f"{word}; epsilon {found.certificate.epsilon:.2e} on {found.certificate.points} points a dimension, refined; "
        f"first-order residual {found.residual:.2e}; {found.solver['evaluations']} profiles, "
        f"{found.solver['seconds'] * 1e3:.1f} ms"
    )
    for name, value in found.values.items():
        out.print(f"{name}: {value}", markup=False)


def _print_frontier(out: Console, found: Any) -> None:
    columns = [Column(f"payoff {k}") for k in range(found.payoffs.shape[1])]
    cells = [
        (*(f"{x:.3f}" for x in payoffs), ", ".join(f"{x:.2f}" for x in actions.reshape(-1)))
        for payoffs, actions in zip(found.payoffs, found.actions, strict=True)
    ]
    title = f"{found.environment}: Pareto frontier ({found.objective})"
    print_rows(
        out, Rows(title, [*columns, text("levels" if found.actions.ndim == 2 else "actions", 8, least=14)], cells)
    )
    out.print(f"no sampled profile is better for all by more than {found.epsilon:.2e}")


def solve(
    environment_id: Id,
    preset: Preset = None,
    concept: Annotated[
        str,
        typer.Option(
            "--concept",
            help="nash, coopetitive, social_optimum, stackelberg, bargaining, pareto_front, maximin, kantian, "
            "or a registered one.",
            autocompletion=complete_concepts,
        ),
    ] = "nash",
    reward_mode: Annotated[
        str | None,
        typer.Option(
            "--reward-mode",
            help="What agents maximise: private, integrated, cooperative, a registered mode, or interdependence "
            "(w = D); the concept's own by default.",
            autocompletion=complete_modes,
        ),
    ] = None,
    settings: Settings = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state",
            metavar="NAME=VALUE",
            help="Part of the state, such as trust=0.9; repeat for more, or one JSON object.",
        ),
    ] = None,
    leader: Annotated[str | None, typer.Option("--leader", help="Who commits (stackelberg).")] = None,
    welfare: Annotated[
        str | None, typer.Option("--welfare", help="utilitarian, nash or egalitarian (social_optimum).")
    ] = None,
    bargain: Annotated[str | None, typer.Option("--bargain", help="nash or kalai_smorodinsky (bargaining).")] = None,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Solve an environment's stage game, with a certificate."""
    from coopetition.oracles.stage.pareto_front import Frontier
    from coopetition.oracles.stage.solution import NotConverged
    from coopetition.oracles.stage.solving import solve as solve_stage

    chosen = {"leader": leader, "welfare": welfare, "solution": bargain}
    options: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    game = make_game(environment_id, settings or [], preset=preset)
    path = figure_path(plot)
    failed = False
    with refusals():
        try:
            found = solve_stage(game.parameters, concept, _state_of(state) or None, reward_mode, **options)
        except NotConverged as error:
            found, failed = error.best, True
    if as_json:
        print_json(found.to_dict())
    elif isinstance(found, Frontier):
        _print_frontier(console(), found)
    else:
        _print_solution(console(), found)
    if path is not None:
        from coopetition.plot import payoff_surface

        with refusals():
            payoff_surface(game, path, objective=reward_mode or "private", state=_state_of(state) or None)
        say_written(path, as_json=as_json)
    if failed:
        raise typer.Exit(1)
