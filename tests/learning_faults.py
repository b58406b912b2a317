"""Copies of the learners' package with one line of one file replaced, and a first trajectory for them to learn from."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

PACKAGE = "coopetition.baselines.learning"
TINY = {"copies": 8, "length": 6}


@contextmanager
def built(file=None, old=None, new=None):
    """The package's modules, with one line of one file replaced; by name, imported when they are asked for."""
    kept = {name: module for name, module in sys.modules.items() if name.startswith(f"{PACKAGE}.")}
    parent = importlib.import_module(PACKAGE)
    attributes = dict(vars(parent))
    for name in kept:
        if name != f"{PACKAGE}.xla":
            del sys.modules[name]
    try:
        if file is not None:
            spec = importlib.util.find_spec(f"{PACKAGE}.{file}")
            with open(spec.origin, encoding="utf-8") as opened:
                source = opened.read()
            assert source.count(old) == 1, f"{file}.py has this line {source.count(old)} times: {old}"
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            exec(compile(source.replace(old, new), spec.origin, "exec"), vars(module))
        yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    finally:
        for name in [name for name in sys.modules if name.startswith(f"{PACKAGE}.")]:
            del sys.modules[name]
        sys.modules.update(kept)
        vars(parent).clear()
        vars(parent).update(attributes)


def start(module, algorithm, environment="TrustDilemma-v0", settings=None, **options):
    """One run of an algorithm, its state, and a trajectory whose rates are drawn here."""
    jax = module("xla").jax
    training = module("training").Training(
        environment, algorithm, "private", 1, 1, {**TINY, **(settings or {})}, options=options
    )
    learner = training.learner
    state = jax.tree.map(jax.numpy.asarray, learner.init(np.random.default_rng(0), training.settings))
    collector = training.collector()
    collector.reset()
    rng = np.random.default_rng(1)
    shape = (1, TINY["copies"], learner.task.size, learner.task.action_size)

    def act(observations, step):
        latents = rng.normal(size=shape).astype(np.float32)
        if hasattr(learner, "distribution"):
            return latents, learner.distribution.rate(latents)
        return latents, np.round(rng.uniform(size=shape), 1).astype(np.float32)

    data = collector.collect(act)
    axes = module("task").RUN_AXES
    data = jax.tree.map(lambda x, axis: np.take(x, 0, axis).copy(), data, axes)
    return SimpleNamespace(jax=jax, learner=learner, state=state, data=data, settings=training.settings)


def perturbed(data, agent=1):
    """The same trajectory, but for one agent's rewards."""
    rewards = data.rewards.copy()
    rewards[..., agent] = 11.0 - 2.0 * rewards[..., agent] ** 2
    return data._replace(rewards=rewards)
