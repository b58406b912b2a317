"""The site: every page is in its navigation, every link leads somewhere, formulas are set, and the code of pages runs.

The build itself is a step of .ci/run, in which every warning is an error.
"""

from __future__ import annotations

import doctest
import importlib.util
import re
import sys
from pathlib import Path

import pytest

from coopetition.calibration import case_names
from coopetition.envs import ENVIRONMENTS, EXTENSIONS, environment_class
from coopetition.envs.complete import page_of

DOCS = Path(__file__).parents[2] / "docs"
#: Written anew before every build, and not in the repository.
WRITTEN = ("environments", "learning", "api")
PAGES = sorted(
    page.relative_to(DOCS).as_posix()
    for page in DOCS.rglob("*.md")
    if page.relative_to(DOCS).parts[0] not in (*WRITTEN, "_build")
)
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", flags=re.M | re.S)


def load(name: str):
    """A script of docs/, which is no package, under a name that no other module has."""
    spec = importlib.util.spec_from_file_location(f"site_{name}", DOCS / f"{name}.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


formulas, api_pages, pages = (load(name) for name in ("formulas", "api_pages", "pages"))
LEARNERS = pages.algorithm_texts()


def text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


# --- navigation and links


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """Every page that is written before a build, by its path; those that list no others by their names alone."""
    found = {f"environments/{module}.md": "" for module, _ in pages.MODULES.values()}
    found["environments/index.md"] = pages.index()
    found |= {f"learning/{file}.md": pages.algorithm_page(file, words) for file, words in LEARNERS.values()}
    found["learning/index.md"] = pages.algorithm_index(LEARNERS)
    return found | {"api/index.md": api_pages.index()} | {f"api/{room.file}.md": "" for room in api_pages.ROOMS}


def listed(page: str, words: str) -> set[str]:
    """The pages that a page's tables of contents name."""
    home = Path(page).parent
    found = set()
    for block in re.findall(r"^```\{toctree\}\n(.*?)^```$", words, flags=re.M | re.S):
        lines = [line.strip() for line in block.splitlines() if line.strip() and not line.startswith(":")]
        names = [re.sub(r"^.*<(.*)>$", r"\1", line) for line in lines]
        found |= {(home / f"{name}.md").as_posix() for name in names}
    return found


def test_every_page_is_in_the_navigation(written):
    every = {**written, **{page: text(page) for page in PAGES}}
    reached, waiting = set(), ["index.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        waiting += listed(page, every[page]) - reached
    assert reached == set(every)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page, written):
    words = FENCE.sub("", text(page))
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(#[^)\s]+)?\)", words):
        path = (DOCS / page).parent / target if target else DOCS / page
        name = path.resolve().relative_to(DOCS.parent.resolve()).as_posix().removeprefix("docs/")
        assert path.exists() or name in written, target
        if anchor and name in PAGES:
            heads = re.findall(r"^#+ (.+)$", FENCE.sub("", text(name)), flags=re.M)
            slugs = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor.removeprefix("#") in slugs, (target, anchor)


# --- formulas: in a terminal as they are written, set on the site


@pytest.mark.parametrize("environment_id", [*ENVIRONMENTS, *EXTENSIONS])
def test_an_environments_formulas_are_set(environment_id):
    blocks = [block for language, block in FENCE.findall(page_of(environment_class(environment_id))) if not language]
    assert blocks
    for block in blocks:
        made = formulas.block(block)
        assert made.count("{") == made.count("}")
        # What has three letters and more and is no parameter is a function or a Greek letter, not a product of letters.
        for word in re.findall(r"(?<![\\{\w])[a-zA-Z]{3,}", re.sub(r"\\(?:text|begin|end)\{[^}]*\}|\{@.*", "", made)):
            raise AssertionError(word)


@pytest.mark.parametrize("page", PAGES)
def test_a_pages_formulas_are_set(page):
    for language, block in FENCE.findall(text(page)):
        if not language:
            assert formulas.block(block).startswith(r"\[\begin{array}"), block


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_learners_formulas_are_set(learner):
    words = LEARNERS[learner][1]
    for line in re.findall(r"^ {4}(\S.*)$", words, flags=re.M):
        made = formulas.block(line)
        assert not re.search(r"\d\{|sum_\{\{", made)
        assert made.count("{") == made.count("}")


SET = {
    "pi_i = e_i - a_i": r"\pi_{i} & = e_{i} - a_{i}",
    "T_ij += lambda_plus s_j (1 - R_ij)": r"T_{ij} & \mathrel{+}= \lambda_{+} s_{j} ( 1 - R_{ij} )",
    "q_i <- alpha'_i pibar_-i / 2": r"q_{i} & \leftarrow \alpha'_{i} \bar{\pi}_{-i} / 2",
    "g = (prod_j a_j)^(1/N)": r"g & = \left( \prod_{j} a_{j} \right)^{1 / N}",
    "x_j = sum_(j != i) m a_j^beta": r"x_{j} & = \sum_{j \neq i} m a_{j}^{\beta}",
    "g_t = sum_{j != i} grad_j J_k,t + E[ w ]": r"g_{t} & = \sum_{j \neq i} \nabla_{j} J_{k,\,t} + \mathbb{E} [ w ]",
    "g = d Q_i / d a_-i - c / e": r"g & = d Q_{i} / d a_{-i} - \frac{c}{e}",
    "a_i = (shares_i + chi k^2) / sum_j b_j": r"a_{i} & = ( \,\text{shares}_{i}\, + \chi k^{2} ) / \sum_{j} b_{j}",
    "y_i = c_i    if c_i >= top_rate": r"y_{i} & = c_{i} & \text{if}\text{ }c_{i} \ge \,\text{top_rate}\,",
}


@pytest.mark.parametrize("line", SET)
def test_a_line_is_set(line):
    made = formulas.row(line).replace(r"\displaystyle ", "").removeprefix(" & ").removesuffix(" & ")
    assert made == SET[line]


@pytest.mark.parametrize("line", ["a = (b", "a = b)", "a = b^", "a = b; c"])
def test_what_is_no_formula_is_refused(line):
    with pytest.raises(formulas.NoFormula):
        formulas.block(line)


def test_symbols_of_a_sentence():
    sentence = "T_ij is trust, theta a weight; `s_j` and lambda_plus= stay, and so does slcd_v0"
    assert [piece for is_symbol, piece in formulas.pieces(sentence) if is_symbol] == ["T_ij", "theta"]
    assert [piece for is_symbol, piece in formulas.pieces(sentence, in_table=True) if is_symbol] == ["T_ij"]
    assert "".join(piece for _, piece in formulas.pieces(sentence)) == sentence


# --- what the pages say


def test_the_reference_has_what_is_public():
    import coopetition
    from coopetition import baselines, oracles
    from coopetition.baselines import learning

    # The others import much, PyTorch for one; the build looks at them.
    names = ("making", "games", "policies", "learning", "oracles")
    found = {full: thing for room in api_pages.ROOMS if room.file in names for full, thing in api_pages.entries(room)}
    of_study = {"read_recording", "record", "scenarios"}
    public = {name for name in coopetition.__all__ if callable(getattr(coopetition, name))} - of_study
    assert public <= {name.rpartition(".")[2] for name in found}
    for module in (baselines, learning, oracles):
        assert {f"{module.__name__}.{name}" for name in module.__all__} <= set(found)
    for full, thing in found.items():
        assert thing is not None, full
        assert not callable(thing) or api_pages.sentence(thing), full


WITH_CODE = ("howto/vectorise.md", "howto/modes.md", "howto/reproduce.md")


@pytest.mark.parametrize(
    "page", [*WITH_CODE, *(pytest.param(page, marks=pytest.mark.slow) for page in ("quickstart.md", "howto/train.md"))]
)
def test_code_of_a_page(page):
    blocks = [block for language, block in FENCE.findall(text(page)) if language == "python"]
    assert blocks
    assert all(">>>" in block for block in blocks)
    case = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page, str(DOCS / page), 0)
    report: list[str] = []
    assert doctest.DocTestRunner().run(case, out=report.append).failed == 0, "".join(report)


def test_commands_of_pages_exist():
    from typer.main import get_command

    from coopetition.cli import app

    group = get_command(app)
    for page in PAGES:
        for language, block in FENCE.findall(text(page)):
            for name, rest in re.findall(r"^coopetition ([a-z]+)([^\n#]*)", block if language == "bash" else "", re.M):
                command = group.commands[name]
                word = rest.split()[0] if rest.split() else ""
                command = getattr(command, "commands", {}).get(word, command)
                options = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
                assert set(re.findall(r"--[a-z-]+", rest)) <= options | {"--help"}, (page, name, rest)


def test_the_cases_are_named():
    assert all(f"`{name}`" in text("howto/reproduce.md") for name in case_names())
