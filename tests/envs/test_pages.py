"""An environment's docstring: the sections that its page takes from it, in order and short.

What it says of numbers is written from the game (tests/pages); nothing here reads its prose.
"""

from __future__ import annotations

import importlib
import re

import pytest

from coopetition.envs import ENVIRONMENTS

HEADINGS = ["Payoff", "Dynamics", "Departures from the published code", "Version history", "References"]
#: Lines, title to references; the mean is about 45.
LONGEST = 55


@pytest.mark.parametrize("environment_id", ENVIRONMENTS)
def test_sections_stand_in_order(environment_id):
    text = importlib.import_module(f"coopetition.envs.{ENVIRONMENTS[environment_id][0]}").__doc__
    story, *parts = re.split(r"^## (.+)$", text, flags=re.M)
    assert parts[::2] == HEADINGS
    assert all(part.strip() for part in parts[1::2]), "an empty section"
    first, _, rest = story.partition("\n")
    assert first.startswith(f"{environment_id}: ")
    assert first.endswith(".")
    assert len(rest.strip()) > 150, "the page must say what it models"
    assert len(text.splitlines()) <= LONGEST


@pytest.mark.parametrize("environment_id", ENVIRONMENTS)
def test_numbers_of_the_defaults_are_left_to_the_page(environment_id):
    text = importlib.import_module(f"coopetition.envs.{ENVIRONMENTS[environment_id][0]}").__doc__
    assert not re.findall(r"`\w+ = [-.\d]+[^`]*`", text)
