"""The published laws as stages that the kernel plays: each gives the case's own figures, number for number."""

from __future__ import annotations

import numpy as np
import pytest

from coopetition.batching.batch import Batch
from coopetition.calibration.cases.apple import model as apple
from coopetition.calibration.cases.apple.law import Pair, Store
from coopetition.calibration.cases.renault_nissan import model as renault_nissan
from coopetition.calibration.cases.renault_nissan.law import Alliance
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
def test_an_alliance_under_the_reports_law_is_the_reports(building):
    trust, damage = played(
        Alliance(**CASE, building=building), np.repeat(renault_nissan.schedule()[:, None], 2, axis=1)
    )
    own = renault_nissan.trajectory(
        renault_nissan.published_parameters(), renault_nissan.initial_trust(), building=building
    )
    for found, known in zip((trust, damage), own, strict=True):
        np.testing.assert_allclose(np.stack([found[:, 1, 0], found[:, 0, 1]], axis=1), known[0], rtol=0, atol=1e-14)


def test_the_store_under_the_reports_law_is_the_reports():
    record, noise = apple.DATA.record, apple.legacy_noise()
    actions, trust = (x[0] for x in apple.trajectory(apple.published_parameters(), noise))
    parameters = Store(
        **environment_class("AppleAppStore-v0").presets["case"], adaptation=record["baseline_adaptation"]
    )
    batch = Batch(Game(parameters), 1, autoreset="disabled", observe=False)
    batch.reset()
    shocks = {int(t): np.array(x) for phase in record.phases for t, x in phase.values["shocks"].items()}
    action = np.array([record["initial_actions"]])
    for t in range(66):
        action = np.clip(action + shocks.get(t, 0.0), 0.0, 1.0)
        np.testing.assert_allclose(action[0], actions[t], rtol=0, atol=1e-13)
        np.testing.assert_allclose(batch.read("trust")[0], trust[t], rtol=0, atol=1e-13)
        expected = batch.read("memory_mean").copy()
        batch.step(action)
        drift = record["adjustment"] * batch.utilities - record["decay"] * (action - expected)
        action = np.clip(action + drift + record["noise_sd"] * noise[:, t], 0.0, 1.0)
    np.testing.assert_allclose(action[0], (0.8801250, 0.4345417, 0.8893138), atol=1e-7)


@pytest.mark.parametrize("memory", [False, True])
def test_a_pair_under_the_reports_law_is_the_studys(memory):
    x = {"rho_0": 1.625, "eta": 1.1, "kappa": 0.875, "k": 5, "lambda_R": 1.25}
    parameters = Pair(
        endowment=1.0, baseline=tr4.BASELINE, dependence=((0.0, 0.8), (0.4, 0.0)), initial_trust=0.6, horizon=101,
        rho_0=x["rho_0"], eta=x["eta"], kappa_r=x["kappa"], lambda_R=x["lambda_R"], memory=x["k"], omega=tr4.OMEGA,
        expectations="average" if memory else "adapting", collapse_threshold=0.0,
    )  # fmt: skip
    batch = Batch(Game(parameters), 1, autoreset="disabled", observe=False)
    batch.reset()
    action = np.full((1, 2), tr4.START)
    own, trust = tr4.trajectory({k: np.array([float(v)]) for k, v in x.items()}, np.array([0.6]), 100, True, memory)
    for t in range(100):
        if t == tr4.DEFECTION:
            action[0, 1] = 0.10
        np.testing.assert_allclose(action[0], own[t, :, 0], rtol=0, atol=1e-12)
        np.testing.assert_allclose(batch.read("trust")[0, 0, 1], trust[t, 0], rtol=0, atol=1e-12)
        batch.step(action)
        drift = tr4.ADJUSTMENT * batch.utilities - tr4.DECAY * (action - tr4.BASELINE)
        action = np.clip(action + drift, 0.0, 1.0)
