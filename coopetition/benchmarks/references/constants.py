"""The numbers of a two-agent trust game, as its other implementations take them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from coopetition.games.game import Game
from coopetition.games.parameters import TrustParameters

Pair = tuple[float, float]


@dataclass(frozen=True)
class Constants:
    """Parameters of a two-agent game of TR-1 under TR-2; a pair has one number for each agent.

    Attributes
    ----------
    dependence, trust, damage : tuple of float
        What agent i holds of the other, D_ij, T_ij and R_ij; trust and damage as they are at reset.
    """

    endowment: Pair
    baseline: Pair
    shares: Pair
    dependence: Pair
    trust: Pair
    damage: Pair
    theta: float
    gamma: float
    lambda_plus: float
    lambda_minus: float
    mu: float
    delta: float
    xi: float
    kappa: float
    collapse: float
    horizon: float

    @classmethod
    def of(cls, game: Game) -> Constants:
        """Read them from a game.

        Raises
        ------
        ValueError
            The game is not one of two agents whose payoffs are logarithmic and whose trust reads raw signals.
        """
        p = game.parameters
        if not isinstance(p, TrustParameters) or p.family != "trust" or game.n != 2 or game.additions:
            raise ValueError(f"{game.id} is not a plain two-agent trust game")
        if p.value_form != "logarithmic" or p.signal_scale != "raw" or game.random_gamma:
            raise ValueError(f"{game.id}: expected logarithmic values, raw signals and a known gamma")

        def held(matrix: tuple[tuple[float, ...], ...]) -> Pair:
            return matrix[0][1], matrix[1][0]

        return cls(
            endowment=p.endowment,
            baseline=p.baseline,
            shares=p.shares,
            dependence=held(p.dependence),
            trust=held(p.initial_trust),
            damage=held(p.initial_damage),
            theta=p.theta,
            gamma=p.gamma,
            lambda_plus=p.lambda_plus,
            lambda_minus=p.lambda_minus,
            mu=p.mu_R,
            delta=p.delta_R,
            xi=p.xi,
            kappa=p.kappa,
            collapse=p.collapse_threshold,
            horizon=float(p.horizon),
        )

    def flat(self) -> list[float]:
        """All of them in one row, in the order of the fields."""
        row: list[float] = []
        for field in fields(self):
            value = getattr(self, field.name)
            row.extend(value if isinstance(value, tuple) else (value,))
        return row
