"""The docs' code runs and prints what the pages say; pages made from docstrings are whole."""

from __future__ import annotations

import doctest
import importlib.util
import re
from pathlib import Path

import pytest

from coopetition.commands.comparing import stakes
from coopetition.envs import ENVIRONMENTS
from coopetition.pages.results import results

DOCS = Path(__file__).parents[2] / "docs"
#: Pages that are written when the site is built; `tests/site` follows links into them.
WRITTEN = ("api/", "environments/", "learning/")
WITH_CODE = ("index.md", "mechanisms.md", "interfaces.md", "departures.md")
OPTIONS = doctest.ELLIPSIS


def load(name: str):
    """A script of docs/, which is no package."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", WITH_CODE)
def test_code_of_the_page(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, flags=re.M | re.S)
    assert blocks, "no code to run"
    assert all(">>>" in block for block in blocks), "a block that no test would run"
    case = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, name, str(DOCS / name), 0)
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=OPTIONS).run(case, out=report.append)
    assert result.attempted > 5
    assert result.failed == 0, "".join(report)


def test_environment_pages(tmp_path):
    pages = load("pages")
    pages.write(tmp_path)
    for environment_id, (module, _) in ENVIRONMENTS.items():
        text = (tmp_path / f"{module}.md").read_text(encoding="utf-8")
        assert re.findall(r"^# (.+)$", text, flags=re.M) == [environment_id]
        found = results(environment_id, DOCS.parent / "corpus")
        assert len(re.findall(r"^## ", text, flags=re.M)) == 16 + bool(stakes(environment_id)) + bool(found)
        assert found in text
        assert "<!--" not in text
    index = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert all(f"[{environment_id}]({module}.md)" in index for environment_id, (module, _) in ENVIRONMENTS.items())


def test_the_scale_of_rewards_is_what_is_paid():
    script = load("reward_scale")
    assert script.table() in script.PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [path.name for path in sorted(DOCS.glob("*.md"))])
def test_links_lead_somewhere(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith(WRITTEN):
            assert (DOCS / target).exists(), target
