"""The environments' pages, from their docstrings and their numbers, and the list of them. Nothing here is by hand."""

from __future__ import annotations

import importlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from coopetition import pages
from coopetition.envs import ENVIRONMENTS, environment_class

FAMILIES = {
    "trust": "Trust games: interdependence under trust and reputation (TR-1, TR-2)",
    "team": "Team games: collective action and loyalty (TR-3)",
    "reciprocity": "Reciprocity games: answers to what others do now (TR-4)",
}


@cache
def solved() -> dict[str, Any]:
    """Solutions of the stage games, which docs/oracles_tables.py writes."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "equilibria.json").read_text(encoding="utf-8"))
    return found


def page(environment_id: str) -> str:
    """One page: heading and sentence, what the docstring says, and what `coopetition.pages` writes from the game."""
    module, _ = ENVIRONMENTS[environment_id]
    made = f"% Written by docs/pages.py from coopetition.envs.{module} and its numbers; edit that.\n\n"
    rest = pages.page(environment_id, solved()[environment_id])
    return f"{made}# {environment_id}\n\n*{sentence_of(environment_id)}*\n\n{rest}"


def sentence_of(environment_id: str) -> str:
    """What the environment is, in one sentence."""
    module, _ = ENVIRONMENTS[environment_id]
    first = (importlib.import_module(f"coopetition.envs.{module}").__doc__ or "").partition("\n")[0]
    sentence = first.partition(": ")[2]
    return sentence[0].upper() + sentence[1:]


def index() -> str:
    """The list of all environments, by family."""
    out = ["% Written by docs/pages.py.", "", "# The twenty environments", ""]
    out += [
        "Story, formulas and references are the environment's docstring; tables, ends and the worked step are written",
        "from its numbers, as `coopetition show` writes them. `coopetition list` has your own environments too.",
        "",
    ]
    for family, title in FAMILIES.items():
        out += [f"## {title}", "", "| id | agents | steps | mechanism | what it is |", "|---|---|---|---|---|"]
        for environment_id, (module, _) in ENVIRONMENTS.items():
            parameters = environment_class(environment_id)()
            if parameters.family == family:
                link = f"[{environment_id}]({module}.md)"
                numbers = (str(parameters.n), str(parameters.horizon), parameters.mechanism)
                out.append("| " + " | ".join((link, *numbers, sentence_of(environment_id))) + " |")
        out.append("")
    out += ["```{toctree}", ":hidden:", "", *(module for module, _ in ENVIRONMENTS.values()), "```", ""]
    return "\n".join(out)


def write(folder: Path) -> None:
    """Write all pages, and only those that changed, so that Sphinx rebuilds no more than it must."""
    folder.mkdir(exist_ok=True)
    texts = {"index": index()}
    texts |= {module: page(environment_id) for environment_id, (module, _) in ENVIRONMENTS.items()}
    for name, text in texts.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent / "environments")
