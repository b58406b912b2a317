"""The one grammar of the command line: what commands have in common, and how a shell completes it.

Nothing heavy is imported here, so that help and the completion of ids stay quick.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

#: For machines and people: what every command that plays takes, and what it is called.
HELP_NAMES = {"help_option_names": ["-h", "--help"]}


def complete_ids(incomplete: str) -> list[str]:
    """Ids that begin so, whatever their case."""
    from coopetition.registration import ENVIRONMENT_IDS, STRONG_IDS

    return [name for name in (*ENVIRONMENT_IDS, *STRONG_IDS) if name.lower().startswith(incomplete.lower())]


def complete_modes(incomplete: str) -> list[str]:
    """Reward modes, the last of a list."""
    from coopetition.games.rewards import reward_mode_names

    return _last_of(incomplete, reward_mode_names(), ",")


def complete_presets(incomplete: str) -> list[str]:
    """Presets that some environment has."""
    from coopetition.envs import environment_class, environment_ids
    from coopetition.games.presets import presets_of

    known = dict.fromkeys(one for name in environment_ids() for one in presets_of(environment_class(name)))
    return [name for name in known if name.startswith(incomplete)]


def complete_policies(incomplete: str) -> list[str]:
    """Policies, the last of a list or of a cast."""
    from coopetition.baselines import available

    begun, _, part = incomplete.rpartition(",")
    return [f"{begun},{found}" if begun else found for found in _last_of(part, available(), "+")]


def complete_concepts(incomplete: str) -> list[str]:
    """Solution concepts."""
    from coopetition.oracles.stage.registry import concept_names

    return [name for name in concept_names() if name.startswith(incomplete)]


def complete_cases(incomplete: str) -> list[str]:
    """Cases, and all of them."""
    from coopetition.calibration import case_names

    return [name for name in (*case_names(), "all") if name.startswith(incomplete)]


def complete_algorithms(incomplete: str) -> list[str]:
    """Learners; none without the extra."""
    try:
        from coopetition.baselines.learning import algorithms
    except ImportError:
        return []
    return [name for name in algorithms() if name.lower().startswith(incomplete.lower())]


def _last_of(incomplete: str, names: Iterable[str], separator: str) -> list[str]:
    begun, found, part = incomplete.rpartition(separator)
    return [f"{begun}{found}{name}" for name in names if name.startswith(part)]


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Id = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="An environment, such as SLCD-v0; see `coopetition list`.", autocompletion=complete_ids
    ),
]
Ids = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID]...", help="Environments, such as SLCD-v0; all twenty by default.", autocompletion=complete_ids
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(
        "--preset",
        help="Which set of numbers: published, strong, or another that `list` names.",
        autocompletion=complete_presets,
    ),
]
Cast = Annotated[
    str,
    typer.Option(
        "--policy",
        help="Who plays: a policy for all agents, or one each, joined by '+'.",
        autocompletion=complete_policies,
    ),
]
RewardMode = Annotated[
    str,
    typer.Option(
        "--reward-mode",
        help="What is rewarded: private, integrated, cooperative, or a registered mode.",
        autocompletion=complete_modes,
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Set a parameter of the environment, to JSON or a word; repeat for more.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the environment's draws and of the policies'.")]
Plot = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Write a figure, in the format of the suffix (png, pdf, svg...)."),
]
MovingPlot = Annotated[
    Path | None,
    typer.Option(
        "--plot",
        metavar="FILE",
        help="Write a figure, in the format of the suffix (png, pdf, svg...); gif: one that moves.",
    ),
]
