"""Policies by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from coopetition.games.game import Game
from coopetition.games.parameters import nearest
from coopetition.policies.policy import Policy
from coopetition.policies.trained import TrainedPolicy, is_policy_file

Factory = Callable[[Game], Policy]

#: The seven of `coopetition.oracles.ORACLES`, named here because solvers are imported when they are needed.
ORACLE_NAMES = (
    "Oracle_Equilibrium",
    "Oracle_TrustAware",
    "Oracle_Nash",
    "Oracle_Loyalty",
    "Oracle_SocialOptimum",
    "Oracle_ReciprocityEquilibrium",
    "Oracle_BoundedReciprocity",
)


def _constant(game: Game, percent: int) -> Policy:
    from coopetition.baselines.constant import Constant

    return Constant(game, percent)


def _oracle(game: Game, name: str) -> Policy:
    from coopetition.baselines.oracle import OraclePolicy

    return OraclePolicy(game, name)


#: Name: what makes the policy of a game, or where to import that from, as "module:attribute".
_POLICIES: dict[str, Factory | str] = {
    "random": "coopetition.baselines.uniform:Random",
    "tit_for_tat": "coopetition.baselines.tit_for_tat:TitForTat",
}
_POLICIES.update({f"constant_{percent:03d}": partial(_constant, percent=percent) for percent in range(101)})
_POLICIES.update({name: partial(_oracle, name=name) for name in ORACLE_NAMES})


def register_policy(name: str, factory: Factory | str) -> None:
    """Add a policy, under a new name.

    Parameters
    ----------
    name : str
        The name for `make_policy`.
    factory : callable or str
        From a game to a policy; or where to import it from when it is first needed, as ``"module:attribute"``.

    Raises
    ------
    ValueError
        The name is taken by another factory.
    """
    if _POLICIES.get(name, factory) != factory:
        raise ValueError(f"there is a policy {name!r} already")
    _POLICIES[name] = factory


def available() -> tuple[str, ...]:
    """All names, sorted.

    Examples
    --------
    >>> from coopetition.baselines import available
    >>> available()[:2], available()[-2:]
    (('Oracle_BoundedReciprocity', 'Oracle_Equilibrium'), ('random', 'tit_for_tat'))
    """
    return tuple(sorted(_POLICIES))


def check_policy_name(name: str) -> str:
    """The name, if there is such a policy; a name that ends in ``.safetensors`` is the file of a trained one.

    Raises
    ------
    ValueError
        There is none; the message has what there is, and the nearest match.
    """
    if is_policy_file(name):
        if not Path(name).is_file():
            raise ValueError(f"there is no file {name!r} to read a trained policy from")
        return name
    if name not in _POLICIES:
        named = [other for other in available() if not other.startswith("constant_")]
        raise ValueError(
            f"unknown policy {name!r}; allowed: 'constant_000' ... 'constant_100', "
            f"{', '.join(map(repr, named))}{nearest(name, available())}"
        )
    return name


def make_policy(name: str, game: Game) -> Policy:
    """The policy of that name for a game.

    Parameters
    ----------
    name : str
        One of `available`, or the file of a trained policy (``.safetensors``).
    game : Game
        What it will play, in the action scale and observation of the game.

    Raises
    ------
    ValueError
        An unknown name, with the nearest match; a file that is missing, broken, or not for this game.

    Examples
    --------
    >>> import coopetition
    >>> from coopetition.baselines import make_policy
    >>> make_policy("tit_for_tat", coopetition.make_game("SLCD-v0")).classifier.memory
    1
    """
    if is_policy_file(check_policy_name(name)):
        return TrainedPolicy(game, name)
    factory = _POLICIES[name]
    if isinstance(factory, str):
        module, _, attribute = factory.partition(":")
        factory = getattr(importlib.import_module(module), attribute)
        assert callable(factory)
    policy: Policy = factory(game)
    return policy
