"""The published laws as stages that the kernel plays: each gives the case's own figures, number for number."""

from __future__ import annotations

import numpy as np
import plain_laws
import pytest

from coopetition.batching.batch import Batch
from coopetition.calibration.cases.apple import model as apple
from coopetition.calibration.cases.renault_nissan import model as renault_nissan
from coopetition.calibration.cases.renault_nissan.law import Alliance
from coopetition.calibration.engine.sets import distinct
from coopetition.calibration.studies import tr4
from coopetition.envs import environment_class
from coopetition.games.game import Game


def played(parameters, levels):
    """Trust and damage (T + 1, N, N), played by the kernel from levels (T, N)."""
    batch = Batch(Game(parameters, action_scale="endowment"), 1, autoreset="disabled", observe=False)
    batch.reset()
    trust, damage = [batch.read("trust")[0].copy()], [batch.read("damage")[0].copy()]
    for level in levels:
        batch.step(np.asarray(level, dtype=float)[None])
        trust.append(batch.read("trust")[0].copy())
        damage.append(batch.read("damage")[0].copy())
    return np.array(trust), np.array(damage)


CASE = environment_class("RenaultNissan-v0").presets["case"]


def test_an_alliance_under_the_kernels_law_is_the_kernels():
    levels = np.repeat(renault_nissan.schedule()[:, None], 2, axis=1)
    own = played(Alliance(**CASE, clip="ceiling"), levels)
    kernel = played(environment_class("RenaultNissan-v0", "case")(), levels)
    np.testing.assert_allclose(own, kernel, rtol=0, atol=1e-15)


@pytest.mark.parametrize("building", ["gap", "product"])
def test_an_alliance_under_the_reports_law(building):
    """Random parameter sets, side by side, against plain NumPy."""
    rng = np.random.default_rng(2)
    x = {**renault_nissan.published_parameters(), **renault_nissan.DATA.draws.sample(rng, 12, "wide")}
    trust = np.stack([x.pop("trust_renault"), x.pop("trust_nissan")], axis=1)
    for found, known in zip(
        renault_nissan.trajectory(x, trust, building=building),
        plain_laws.alliance(x, trust, building=building),
        strict=True,
    ):
        np.testing.assert_allclose(found, known, rtol=0, atol=1e-14)


def test_the_store_under_the_reports_law():
    rng = np.random.default_rng(3)
    x = {**apple.published_parameters(), **apple.DATA.draws.sample(rng, 8, "wide")}
    x["trust"] = x["trust"][:, None, None] * ~np.eye(3, dtype=bool)
    noise = rng.standard_normal((8, 66, 3))
    for found, known in zip(apple.trajectory(x, noise), plain_laws.store(x, noise), strict=True):
        np.testing.assert_allclose(found, known, rtol=0, atol=1e-12)


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("defects", [False, True])
def test_a_pair_under_the_reports_law(memory, defects):
    rng = np.random.default_rng(4)
    x = {name: rng.choice(levels, 20) for name, levels in tr4.LEVELS.items()}
    arguments = (x, x["trust"], 100, defects, memory)
    for found, known in zip(tr4.trajectory(*arguments), plain_laws.pair(*arguments), strict=True):
        np.testing.assert_allclose(found, known, rtol=0, atol=1e-12)


def test_what_is_equal_is_played_once():
    first, kind = distinct({"a": np.array([1.0, 2.0, 1.0]), "b": np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])})
    assert len(first) == 2
    np.testing.assert_array_equal(np.array([1.0, 2.0, 1.0])[first][kind], [1.0, 2.0, 1.0])
