"""Pages of environments and of learners, from docstrings and numbers. Nothing here is written by hand."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path
from typing import Any

from coopetition import pages
from coopetition.commands import comparing
from coopetition.envs import ENVIRONMENTS, EXTENSIONS, environment_class
from coopetition.games.presets import preset_id

sys.path.insert(0, str(Path(__file__).parent))

import environment_figures  # noqa: E402

FAMILIES = {
    "trust": "Trust games: interdependence under trust and reputation (TR-1, TR-2)",
    "team": "Team games: collective action and loyalty (TR-3)",
    "reciprocity": "Reciprocity games: answers to what others do now (TR-4)",
}


#: Every page's module.
MODULES = {**ENVIRONMENTS, **EXTENSIONS}
#: Of the reference study; without one, pages have no box of results.
CORPUS = Path(__file__).parents[1] / "corpus"


def page(environment_id: str) -> str:
    """One page: heading and sentence, what the docstring says, and what `coopetition.pages` writes from the game."""
    module, _ = MODULES[environment_id]
    made = f"% Written by docs/pages.py from coopetition.envs.{module} and its numbers; edit that.\n\n"
    if environment_id in EXTENSIONS:  # nothing of its episodes is stored, and so nothing drawn
        rest = pages.page(environment_id, solutions(environment_id))
        return f"{made}# {environment_id}\n\n*{sentence_of(environment_id)}*\n\n{rest}\n"
    story, _, rest = pages.page(environment_id).partition("\n## ")
    words = environment_figures.caption(environment_id)
    picture = f"![{environment_id}: payoffs over the rate, and its course]({module}.svg)\n\n{words}"
    rest = f"{story}\n{picture}\n\n## {rest}"
    measured = comparing.markdown(environment_id) + drawn(environment_id)
    if box := pages.results(environment_id, CORPUS):
        measured += f"\n{box}"
    return f"{made}# {environment_id}\n\n*{sentence_of(environment_id)}*\n\n{rest}\n{measured}"


def solutions(environment_id: str) -> dict[str, Any]:
    """The stage game at reset, solved now; the solutions of the twenty are kept with the oracles."""
    from coopetition.oracles import solve

    found = {concept: solve(environment_id, concept) for concept in ("nash", "coopetitive", "social_optimum")}
    entry: dict[str, Any] = {
        concept: {"actions": one.actions, "payoffs": one.payoffs, "utilities": one.utilities}
        for concept, one in found.items()
    }
    entry["price_of_anarchy"] = float(found["social_optimum"].payoffs.sum() / found["nash"].payoffs.sum())
    return entry


def drawn(environment_id: str) -> str:
    """What good and selfish play of the strong game looks like: docs/strong_figures.py draws it."""
    name = preset_id(environment_id, "strong")
    file = f"{name.removesuffix('-v0').lower()}.png"
    if not (Path(__file__).parent / "figures" / "strong" / file).exists():
        return ""
    words = f"{name}: rates and state of the optimum, the worst nash found and the best constant, by reward mode"
    return f"\n![{words}](../figures/strong/{file})\n"


def sentence_of(environment_id: str) -> str:
    """What the environment is, in one sentence."""
    module, _ = MODULES[environment_id]
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
    out += ["## Beside the twenty", "", "| id | agents | steps | mechanism | what it is |", "|---|---|---|---|---|"]
    for environment_id, (module, _) in EXTENSIONS.items():
        parameters = environment_class(environment_id)()
        cells = (f"[{environment_id}]({module}.md)", str(parameters.n), str(parameters.horizon), parameters.mechanism)
        out.append("| " + " | ".join((*cells, sentence_of(environment_id))) + " |")
    out += ["", "```{toctree}", ":hidden:", "", *(module for module, _ in MODULES.values()), "```", ""]
    return "\n".join(out)


def algorithm_texts() -> dict[str, tuple[str, str]]:
    """Each learner's file, without its ending, and that file's docstring, by the learner's name.

    Files are read and not imported, since JAX may not be there.
    """
    home = Path(__file__).parents[1] / "coopetition" / "baselines" / "learning"
    found = {}
    for path in sorted(home.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for part in (part for node in tree.body if isinstance(node, ast.ClassDef) for part in node.body):
            named = isinstance(part, ast.Assign) and [ast.unparse(target) for target in part.targets] == ["name"]
            if named and isinstance(part.value, ast.Constant):
                found[part.value.value] = (path.stem, ast.get_docstring(tree) or "")
    return dict(sorted(found.items()))


def algorithm_page(file: str, text: str) -> str:
    """One page: the docstring, its first line split into heading and sentence."""
    first, _, rest = text.partition("\n")
    name, _, sentence = first.partition(": ")
    made = f"% Written from the docstring of coopetition.baselines.learning.{file}; edit that.\n\n"
    return f"{made}# {name}\n\n*{sentence[0].upper()}{sentence[1:]}*\n{rest}\n"


def algorithm_index(texts: dict[str, tuple[str, str]]) -> str:
    """The list of learners."""
    out = ["% Written by docs/pages.py.", "", "# The learners", "", "| algorithm | what it is |", "|---|---|"]
    for name, (file, text) in texts.items():
        sentence = text.partition("\n")[0].partition(": ")[2]
        out.append(f"| [{name}]({file}.md) | {sentence[0].upper()}{sentence[1:]} |")
    out += ["", "```{toctree}", ":hidden:", "", *(file for file, _ in texts.values()), "```", ""]
    return "\n".join(out)


def write(folder: Path) -> None:
    """Write the environments' pages."""
    texts = {"index": index()}
    _write(folder, texts | {module: page(environment_id) for environment_id, (module, _) in MODULES.items()})


def write_algorithms(folder: Path) -> None:
    """Write the learners' pages."""
    texts = algorithm_texts()
    pages = {file: algorithm_page(file, text) for file, text in texts.values()}
    _write(folder, {"index": algorithm_index(texts), **pages})


def write_api(folder: Path) -> None:
    """Write the pages of the API reference."""
    import api_pages

    _write(folder, api_pages.texts())


def _write(folder: Path, texts: dict[str, str]) -> None:
    """Write those that changed, so that Sphinx rebuilds no more than it must."""
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent / "environments")
    write_algorithms(Path(__file__).parent / "learning")
