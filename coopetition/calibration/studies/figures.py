"""Figures of the parameter studies (matplotlib, extra ``plot``)."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..engine.figures import CYCLE, MARKS, pyplot

if TYPE_CHECKING:
    from .study import Study


def draw_study(study: Study, path: str | Path) -> Path:
    """A study's main effects: one panel a metric, one line a parameter over its range scaled to [0, 1].

    Parameters
    ----------
    study : Study
    path : path

    Returns
    -------
    Path

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    plt = pyplot()
    names = import_module(f"{__package__}.{study.name}").SOBOL
    columns = min(2, len(names)) if len(names) != 3 else 3
    rows = -(-len(names) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(10.5, 3.3 * rows + 1.1), squeeze=False, layout="constrained")
    parameters = list(study.levels)
    for axes, metric in zip(grid.ravel(), names, strict=False):
        for effect in study.effects:
            if effect.metric != metric:
                continue
            k = parameters.index(effect.parameter)
            x = np.array(effect.levels)
            span = f"{x.min():g} - {x.max():g}"
            axes.plot(
                (x - x.min()) / np.ptp(x),
                effect.means,
                MARKS[k],
                ls="-" if k < 4 else (0, (4, 3)),
                color=CYCLE[k],
                ms=5,
                lw=1.6,
                label=f"{effect.parameter}: {span}",
            )
        axes.set(title=metric, xlabel="parameter, lowest to highest level", ylabel="mean over the grid")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(6, len(labels)))
    figure.suptitle(
        f"{study.title}: main effects, {study.runs:,} runs", x=0.01, ha="left", fontsize=12, fontweight="bold"
    )
    path = Path(path)
    figure.savefig(path)
    plt.close(figure)
    return path
