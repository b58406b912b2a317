"""Watching a training: a bar with the efficiency, and TensorBoard where it is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from coopetition.baselines.learning.population import Run

#: Told at every logged row: steps, and one row of curves (payoffs (R, N), rewards, rates), efficiency (R,), metrics.
Watcher = Callable[[int, dict[str, np.ndarray]], None]


def summary(runs: Sequence[Run], row: dict[str, np.ndarray]) -> str:
    """The mean efficiency of each reward mode's runs, or their summed payoff where the optimum is not known."""
    known = np.isfinite(row["efficiency"]).any()
    totals = row["efficiency"] if known else row["payoffs"].sum(axis=1)
    parts = []
    for mode in dict.fromkeys(run.reward_mode for run in runs):
        mine = totals[[run.reward_mode == mode for run in runs]]
        mine = mine[np.isfinite(mine)]
        if mine.size:
            parts.append(f"{mode} {mine.mean():.3f}" if known else f"{mode} {mine.mean():,.0f}")
    return ", ".join(parts) + (" of the optimum" if known and parts else "")


@contextmanager
def progress_bar(what: str, runs: Sequence[Run], total: int, wanted: bool) -> Iterator[Watcher]:
    """A bar on a terminal's stderr; elsewhere nothing."""
    if not wanted or not sys.stderr.isatty():
        yield lambda steps, row: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda steps, row: bar.update(task, completed=steps, description=f"{what}  {summary(runs, row)}")


@contextmanager
def tensorboard(folder: str | Path | None, runs: Sequence[Run]) -> Iterator[Watcher]:
    """Event files, one folder a run.

    Raises
    ------
    ImportError
        Neither tensorboardX nor PyTorch with tensorboard is installed.
    """
    if folder is None:
        yield lambda steps, row: None
        return
    writer = _event_writer()
    writers = [writer(str(Path(folder) / run.name)) for run in runs]

    def write(steps: int, row: dict[str, np.ndarray]) -> None:
        for k, one in enumerate(writers):
            for name, values in row.items():
                value = float(np.mean(values[k]))
                if np.isfinite(value):
                    one.add_scalar(name, value, steps)

    try:
        yield write
    finally:
        for one in writers:
            one.close()


def _event_writer() -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ImportError("TensorBoard's event files need tensorboardX: pip install tensorboardX") from None
    return SummaryWriter
