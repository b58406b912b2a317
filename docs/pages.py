"""The environments' pages: Markdown from their docstrings, and the list of them. Nothing here is written by hand."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from coopetition.commands import comparing
from coopetition.envs import ENVIRONMENTS, environment_class

FAMILIES = {
    "trust": "Trust games: interdependence under trust and reputation (TR-1, TR-2)",
    "team": "Team games: collective action and loyalty (TR-3)",
    "reciprocity": "Reciprocity games: answers to what others do now (TR-4)",
}


def page(environment_id: str) -> str:
    """One page: the docstring, its first line split into heading and sentence."""
    module, _ = ENVIRONMENTS[environment_id]
    text = importlib.import_module(f"coopetition.envs.{module}").__doc__ or ""
    first, _, rest = text.partition("\n")
    identity, _, sentence = first.partition(": ")
    rest = re.sub(r"<!--.*?-->\n*", "", rest, flags=re.S)
    made = "% Written from the docstring of coopetition.envs." + module + "; edit that.\n\n"
    return f"{made}# {identity}\n\n*{sentence[0].upper()}{sentence[1:]}*\n{rest}\n{comparing.markdown(environment_id)}"


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
        "Each page is the environment's docstring: `help('coopetition.envs.slcd')` shows the same. A test compares",
        "every number on it with the code. Pages say what sets an environment apart from the plainest of its family.",
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
