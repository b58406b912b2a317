"""The examples in the docstrings of the reference policies."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from coopetition import baselines

MODULES = [f"coopetition.baselines.{info.name}" for info in pkgutil.iter_modules(baselines.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    module = importlib.import_module(name)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for case in doctest.DocTestFinder().find(module):
        runner.run(case, out=report.append)
    assert runner.failures == 0, "".join(report)


def test_public_functions_have_examples():
    for name in ("available", "evaluate", "make_policy", "record_episode"):
        assert ">>>" in getattr(baselines, name).__doc__, name
