"""The command `coopetition solve`.

Solvers are imported when a command runs, so that help and the other commands start fast.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from coopetition.commands.asking import Preset, find_id, refuse


def _state_of(texts: list[str] | None) -> dict[str, Any]:
    """Parts of the state from options such as ``trust=0.9`` or ``loyalty=[0.2,0.5]``, or one JSON object."""
    state: dict[str, Any] = {}
    for text in texts or []:
        if text.lstrip().startswith("{"):
            try:
                state.update(json.loads(text))
            except json.JSONDecodeError as error:
                raise ValueError(f"--state {text!r} is not JSON: {error}") from None
            continue
        name, sign, value = text.partition("=")
        if not sign:
            raise ValueError(f"--state {text!r}: expected name=value, such as trust=0.9, or a JSON object")
        try:
            state[name.strip()] = json.loads(value)
        except json.JSONDecodeError:
            raise ValueError(f"--state {text!r}: {value!r} is neither a number nor a list") from None
    return state


def _print_solution(found: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    title = f"{found.environment}: {found.concept} ({found.objective})"
    table = Table(title=title, title_justify="left")
    for name in ("agent", "level", "payoff", "utility", "gain of the best deviation"):
        table.add_column(name, justify="left" if name == "agent" else "right")
    for i, agent in enumerate(found.agents):
        table.add_row(
            agent,
            f"{found.actions[i]:.6f}",
            f"{found.payoffs[i]:.6f}",
            f"{found.utilities[i]:.6f}",
            f"{found.certificate.gains[i]:.2e}",
        )
    console.print(table)
    word = "converged" if found.converged else "NOT CONVERGED: this is not a solution"
    console.print(
        f"{word}; epsilon {found.certificate.epsilon:.2e} on {found.certificate.points} points a dimension, refined; "
        f"first-order residual {found.residual:.2e}; {found.solver['evaluations']} profiles, "
        f"{found.solver['seconds'] * 1e3:.1f} ms"
    )
    for name, value in found.values.items():
        console.print(f"{name}: {value}")


def _print_frontier(found: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{found.environment}: Pareto frontier ({found.objective})", title_justify="left")
    for k in range(found.payoffs.shape[1]):
        table.add_column(f"payoff {k}", justify="right")
    table.add_column("levels")
    for payoffs, actions in zip(found.payoffs, found.actions, strict=True):
        table.add_row(*[f"{x:.3f}" for x in payoffs], ", ".join(f"{x:.2f}" for x in actions))
    Console().print(table)
    Console().print(f"no sampled profile is better for all by more than {found.epsilon:.2e}")


def solve(
    environment: Annotated[str, typer.Argument(metavar="ID", help="an environment, such as SLCD-v0")],
    preset: Preset = None,
    concept: Annotated[
        str,
        typer.Option(
            "--concept",
            help="nash, coopetitive, social_optimum, stackelberg, bargaining, pareto_front, maximin, kantian, "
            "or a registered one",
        ),
    ] = "nash",
    state: Annotated[
        list[str] | None,
        typer.Option("--state", help="part of the state: trust=0.9; may be repeated, or one JSON object"),
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(
            "--objective", help="private, integrated, cooperative, interdependence (w = D), or a registered mode"
        ),
    ] = None,
    leader: Annotated[str | None, typer.Option("--leader", help="who commits (stackelberg)")] = None,
    welfare: Annotated[
        str | None, typer.Option("--welfare", help="utilitarian, nash or egalitarian (social_optimum)")
    ] = None,
    bargain: Annotated[str | None, typer.Option("--bargain", help="nash or kalai_smorodinsky (bargaining)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON instead of a table")] = False,
) -> None:
    """Solve an environment's stage game, with a certificate."""
    from coopetition.envs import environment_class
    from coopetition.oracles.stage.pareto_front import Frontier
    from coopetition.oracles.stage.solution import NotConverged
    from coopetition.oracles.stage.solving import solve as solve_stage

    given = {"leader": leader, "welfare": welfare, "solution": bargain}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    failed = False
    try:
        found = solve_stage(
            environment_class(find_id(environment), preset)(), concept, _state_of(state) or None, objective, **options
        )
    except NotConverged as error:
        found, failed = error.best, True
    except (ValueError, TypeError) as error:
        raise refuse(str(error)) from None
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=1, allow_nan=False))
    elif isinstance(found, Frontier):
        _print_frontier(found)
    else:
        _print_solution(found)
    if failed:
        raise typer.Exit(1)
