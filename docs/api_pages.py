"""Pages of the API reference: what each public room offers, from its docstrings."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Room:
    """A page of the reference.

    Attributes
    ----------
    file, title : str
    about : str
        In a sentence or two: what it is for, and where to read on.
    names : tuple of str
        Modules of which all public names are listed (their ``__all__``), or single names with their modules.
    """

    file: str
    title: str
    about: str
    names: tuple[str, ...]


ROOMS = (
    Room(
        "making",
        "Making environments",
        "What `import coopetition` offers: every interface by an id. How they differ: [interfaces](../interfaces.md).",
        (
            "coopetition.make_game",
            "coopetition.batch",
            "coopetition.gymnasium_env",
            "coopetition.vector_env",
            "coopetition.parallel_env",
            "coopetition.aec_env",
            "coopetition.register",
            "coopetition.register_environments",
            "coopetition.register_reward_mode",
        ),
    ),
    Room(
        "games",
        "Games and batches",
        "A game is parameters, state fields, dynamics and a reward mode; a batch is B copies of it, on arrays.",
        (
            "coopetition.games.game.Game",
            "coopetition.batching.batch.Batch",
            "coopetition.batching.rollout.Rollout",
            "coopetition.games.parameters.Parameters",
            "coopetition.games.parameters.TrustParameters",
            "coopetition.games.parameters.TeamParameters",
            "coopetition.games.parameters.ReciprocityParameters",
            "coopetition.games.declared.parameter",
            "coopetition.games.declared.Domain",
            "coopetition.games.fields.StateField",
            "coopetition.games.families.Family",
            "coopetition.games.rewards.RewardMode",
            "coopetition.games.inequity_averse.InequityAverse",
            "coopetition.games.variants.Variants",
            "coopetition.games.presets.presets_of",
            "coopetition.games.presets.preset_class",
            "coopetition.envs.environment_class",
            "coopetition.envs.environment_ids",
        ),
    ),
    Room(
        "views",
        "Gymnasium, PettingZoo and vector views",
        "What the makers return. Options of all: [interfaces](../interfaces.md).",
        (
            "coopetition.api.joint.JointEnv",
            "coopetition.api.agent.AgentEnv",
            "coopetition.api.vector.CoopetitionVectorEnv",
            "coopetition.api.parallel.CoopetitionParallelEnv",
            "coopetition.api.aec.CoopetitionAECEnv",
            "coopetition.api.sb3.MultiAgentVecEnv",
            "coopetition.api.sb3.ModelPolicy",
            "coopetition.api.sb3_seats.Seats",
        ),
    ),
    Room(
        "policies",
        "Policies and evaluation",
        "What plays, by name, file or class, and what it earns. Your own: [a policy](../howto/policy.md).",
        (
            "coopetition.baselines",
            "coopetition.policies.trained.TrainedPolicy",
            "coopetition.policies.trained.read_about",
        ),
    ),
    Room(
        "learning",
        "Learners",
        "Populations of seeds, modes and settings. [Learning](../learning.md) has the story, each "
        "[learner](../learning/index.md) its page.",
        ("coopetition.baselines.learning",),
    ),
    Room(
        "oracles",
        "Oracles",
        "Equilibria, optima and what selfishness costs, with certificates. The concepts: [oracles](../oracles.md).",
        ("coopetition.oracles",),
    ),
    Room(
        "calibration",
        "Cases, rubrics and the ledger",
        "The published cases and claims. What came out: [calibration](../calibration.md); your own: "
        "[a case](../howto/case.md).",
        ("coopetition.calibration",),
    ),
    Room(
        "study",
        "The reference study",
        "Jobs, shards, records and scenarios. What is run, and how: [the study](../study.md).",
        (
            "coopetition.study.recording.record",
            "coopetition.study.recording.read_recording",
            "coopetition.study.recording.Recording",
            "coopetition.study.scenarios.scenarios",
            "coopetition.study.scenarios.Scenario",
            "coopetition.study.scenarios.play_scenario",
            "coopetition.study.scenarios.ScenarioResult",
            "coopetition.study.reading.Corpus",
            "coopetition.study.audit.audit_policy",
            "coopetition.study.audit.audit_file",
            "coopetition.study.submission.submit",
        ),
    ),
    Room(
        "showing",
        "Pages, figures and checks",
        "An environment's page from its numbers, figures of episodes, and the conformance check.",
        ("coopetition.pages", "coopetition.plot", "coopetition.testing"),
    ),
)


def public(module: str) -> list[str]:
    """Names that a module offers: its ``__all__``, or what it defines itself."""
    found = importlib.import_module(module)
    own = [name for name, value in vars(found).items() if getattr(value, "__module__", "") == module]
    return [name for name in getattr(found, "__all__", own) if not name.startswith("_")]


def entries(room: Room) -> list[tuple[str, object]]:
    """Full name and object of everything on a page, in the order of the page."""
    out: list[tuple[str, object]] = []
    for full in room.names:
        home, _, name = full.rpartition(".")
        try:
            out.append((full, getattr(importlib.import_module(home), name)))
        except (ImportError, AttributeError):
            out.append((full, None))
        if inspect.ismodule(out[-1][1]):
            module = importlib.import_module(full)
            out[-1:] = [(f"{full}.{name}", getattr(module, name)) for name in public(full)]
    return out


def sentence(thing: object) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0].replace("|", "\\|")


def page(room: Room) -> str:
    """One page: a table of names, and each with its signature and docstring; lists and other values by name only."""
    found = [(name, thing) for name, thing in entries(room) if callable(thing)]
    out = ["% Written by docs/api_pages.py.", "", f"# {room.title}", "", room.about, ""]
    out += ["| name | what it does |", "|---|---|"]
    out += [f"| [`{name.rpartition('.')[2]}`](#{name}) | {sentence(thing)} |" for name, thing in found]
    out.append("")
    for name, thing in found:
        directive = f".. autoclass:: {name}\n   :members:" if inspect.isclass(thing) else f".. autofunction:: {name}"
        out += [f"## {name.rpartition('.')[2]}", "", f"```{{eval-rst}}\n{directive}\n```", ""]
    return "\n".join(out)


def index() -> str:
    """The list of pages."""
    out = ["% Written by docs/api_pages.py.", "", "# API reference", ""]
    out += [
        "From the docstrings, a page a room; what is not here is private, and may change without notice. Arrays have B",
        "copies, N agents, T steps, O numbers an agent sees.",
        "",
        "| room | what it is for |",
        "|---|---|",
        *(f"| [{room.title}]({room.file}.md) | {room.about.partition('. ')[0].rstrip('.')} |" for room in ROOMS),
        "",
        "```{toctree}",
        ":hidden:",
        "",
        *(room.file for room in ROOMS),
        "```",
        "",
    ]
    return "\n".join(out)


def texts() -> dict[str, str]:
    """All pages, by file."""
    return {"index": index(), **{room.file: page(room) for room in ROOMS}}


if __name__ == "__main__":
    import pages

    pages.write_api(Path(__file__).parent / "api")
