"""Every learner has a page, written from its docstring, which says what a page must."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from coopetition.baselines.learning import algorithms

FILE = Path(__file__).parents[2] / "docs" / "pages.py"


def written():
    spec = importlib.util.spec_from_file_location("pages", FILE)
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    return pages


def test_every_learner_has_a_page(tmp_path):
    pages = written()
    assert tuple(pages.algorithm_texts()) == algorithms()
    pages.write_algorithms(tmp_path)
    index = (tmp_path / "index.md").read_text()
    for name, (file, _) in pages.algorithm_texts().items():
        assert f"[{name}]({file}.md)" in index
        assert (tmp_path / f"{file}.md").read_text().count(f"# {name}\n") == 1


ON_POLICY = ("COMA", "FCP", "IA2C", "IPPO", "LOLA", "MAPPO", "REINFORCE", "SelfPlay_PPO")


@pytest.mark.parametrize("name", ON_POLICY)
def test_a_page_says_what_it_must(name):
    _, text = written().algorithm_texts()[name]
    for word in ("Hyper-parameters: ", "Limits: ", "In training", "in play", "reward", "References\n----------"):
        assert word in text, word
