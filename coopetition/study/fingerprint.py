"""What determines a shard, as a hash: code, and what is asked of it.

The code is that of the modules which a job runs, and of those of ours that they import, without comments,
docstrings and layout: a commit to the docs, or to another learner, voids nothing.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import coopetition
from coopetition.envs import environment_class
from coopetition.study.plan import Job

ROOT = Path(coopetition.__file__).parent
#: Parts of the package that decide what a job computes. Pages, plots, views and commands only show it.
PARTS = ("kernels", "games", "batching", "policies", "baselines", "oracles", "study")
#: Modules of the study that read shards or move them about: what a job computes does not depend on them.
ASIDE = (
    *("plan", "fingerprint", "shards", "engine", "estimates", "choice"),
    *("corpus", "croissant", "submission", "reading", "report", "figures", "verifying"),
)
#: Where each kind of job begins.
STARTS = {
    "train": ("study.training", "study.audit"),
    "longer": ("study.training",),
    "settings": ("study.search",),
    "reference": ("study.reference",),
    "crossplay": ("study.crossplay",),
    "scenarios": ("study.scenarios",),
}


def _file_of(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def code_of(path: Path) -> str:
    """The code of a file without comments, docstrings and layout."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        kept = [
            one
            for one in body
            if not (
                isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str)
            )
        ]
        node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _imported(path: Path) -> Iterator[str]:
    """Names of our modules that a file imports, anywhere in it."""
    for node in ast.walk(_tree(path)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.startswith("coopetition."):
                yield name.removeprefix("coopetition.")


def modules_of(starts: Iterable[str]) -> list[str]:
    """These modules and all that they import, as far as they belong to `PARTS`; sorted."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        module = waiting.pop()
        path = _file_of(module)
        if module in found or path is None:
            continue
        found.add(module)
        for name in _imported(path):
            part, _, rest = name.partition(".")
            aside = part == "study" and rest.partition(".")[0] in ASIDE
            if part in PARTS and not aside and (part != "study" or rest):
                waiting.append(name)
    return sorted(found)


def starts_of(job: Job) -> list[str]:
    """The modules with which a job begins: its kind's, its learner's, and its environment's."""
    starts = list(STARTS[job.kind])
    if job.algorithm:
        from coopetition.baselines.learning.algorithm import find_algorithm

        starts.append(find_algorithm(job.algorithm).__module__.removeprefix("coopetition."))
    module = environment_class(job.environment).__module__
    if module.startswith("coopetition."):
        starts.append(module.removeprefix("coopetition."))
    return starts


@functools.cache
def _code_hash(starts: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for module in modules_of(starts):
        path = _file_of(module)
        assert path is not None
        digest.update(module.encode())
        digest.update(code_of(path).encode())
    return digest.hexdigest()


@functools.cache
def _known_of(environment: str, modes: tuple[str, ...]) -> str:
    """What is stored of the optimum and nash of an environment that draws, whose records are scaled when they are made.

    Others are put on the yardsticks of the day when they are published, so that a better optimum voids nothing.
    """
    from coopetition.oracles.episode.stored import stored_entry
    from coopetition.oracles.stage.game import as_game
    from coopetition.study.arena import draws
    from coopetition.study.measuring import game_of

    if not draws(game_of(environment, modes[0])):
        return ""
    games = [as_game(environment, mode) for mode in (*modes, "cooperative")]
    return json.dumps([[stored_entry(game, what) for what in ("optimum", "nash")] for game in games], sort_keys=True)


def fingerprint(job: Job) -> str:
    """Sixteen hexadecimal digits that name the job's shard."""
    asked: dict[str, Any] = job.to_dict()
    text = json.dumps(asked, sort_keys=True) + _code_hash(tuple(starts_of(job)))
    text += _known_of(job.environment, tuple(job.modes))
    if job.kind == "scenarios":
        from coopetition.study.backgrounds import checksums

        text += json.dumps(checksums(job.environment), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def shard_name(job: Job) -> str:
    """The name of the job's shard."""
    return f"{job.label}-{fingerprint(job)}"
