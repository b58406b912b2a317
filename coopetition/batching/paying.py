"""What a reward mode makes of given payoffs and utilities: the mode's own stage, in float64, without a step."""

from __future__ import annotations

import ctypes
from typing import Any

import numba
import numpy as np

from coopetition.games.game import Game
from coopetition.kernels.machine.compiled import Stage
from coopetition.kernels.machine.names import read_by
from coopetition.kernels.machine.numbers import DESCRIPTOR_SIZE, WORK_SINGLES, Descriptor, Work


class Paying:
    """Rewards of a game's mode as a function of payoffs and utilities; oracles of the stage game maximise it.

    Parameters
    ----------
    game : Game
        Whose mode it is.

    Raises
    ------
    ValueError
        The mode's stage reads more than payoffs, utilities and its numbers, such as the state or rates.
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self._stage: Stage = game.stages()[-1]
        read = {pair for pair in read_by(self._stage).names if pair[0] in ("State", "Work")}
        more = read - {("Work", name) for name in ("PAYOFF", "UTILITY", "REWARD")}
        if more:
            raise ValueError(
                f"the reward mode {game.reward_mode!r} reads {', '.join(map('.'.join, sorted(more)))}: only "
                "rewards that follow from payoffs and utilities are objectives of the stage game; episodes pay it"
            )

    def __call__(self, payoffs: np.ndarray, utilities: np.ndarray) -> np.ndarray:
        """Rewards (B, N) of payoffs and utilities (B, N)."""
        game, n, lanes = self.game, self.game.n, len(payoffs)
        rows = game.scratch_rows
        work = np.zeros((rows, lanes))

        def part(vector: Any) -> np.ndarray:
            first = WORK_SINGLES + int(vector) * n
            return work[first : first + n]

        part(Work.PAYOFF)[...] = payoffs.T
        part(Work.UTILITY)[...] = utilities.T
        state = np.zeros((game.state_rows, lanes))
        d = np.zeros(DESCRIPTOR_SIZE, dtype=np.int64)
        d[Descriptor.AT] = game.at.ctypes.data
        d[Descriptor.PARAMETERS], d[Descriptor.PARAMETER_COUNT] = (
            game.parameter_block.ctypes.data,
            game.parameter_block.size,
        )
        d[Descriptor.STATE_ROWS], d[Descriptor.WORK_ROWS], d[Descriptor.LANES] = game.state_rows, rows, lanes
        d[Descriptor.AGENTS] = n
        arguments = (d.ctypes.data, state.ctypes.data, work.ctypes.data, 0, 0)
        if numba.config.DISABLE_JIT:
            self._stage(*arguments)
        else:
            kind = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)
            kind(self._stage.address())(*arguments)
        return part(Work.REWARD).T.copy()
