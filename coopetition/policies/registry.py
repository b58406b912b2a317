"""Policies by name: the one door through which a policy comes in.

A policy of one's own is one file and one registration: `register_policy` where its module is imported, or the
entry-point group "coopetition.policies" of one's own package. Another process, such as a spawned worker, finds it by
the entry point, or imports it by a name with its module in front, ``"my_package.policies:halfway"``.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from coopetition.games.doors import load_named, not_registered
from coopetition.games.game import Game
from coopetition.games.parameters import nearest
from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.trained import TrainedPolicy, is_policy_file

Factory = Callable[[Game], Policy]
F = TypeVar("F", bound=Factory)

#: The group of entry points in which other packages declare policies, ``name = "module:attribute"``.
ENTRY_POINTS = "coopetition.policies"

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

#: What `Batch.rollout` calls a script; no policy may have this name.
RESERVED = ("actions",)


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
_STRATEGIES = "coopetition.baselines.strategies"
_POLICIES.update(
    {
        "best_reply": f"{_STRATEGIES}.best_reply:BestReply",
        "conditional_cooperator": f"{_STRATEGIES}.conditional_cooperator:ConditionalCooperator",
        "generous_tit_for_tat": f"{_STRATEGIES}.generous_tit_for_tat:GenerousTitForTat",
        "graduated_reply": f"{_STRATEGIES}.graduated_reply:GraduatedReply",
        "grim_trigger": f"{_STRATEGIES}.grim_trigger:GrimTrigger",
        "pavlov": f"{_STRATEGIES}.pavlov:Pavlov",
        "raise_the_stakes": f"{_STRATEGIES}.raise_the_stakes:RaiseTheStakes",
        "tit_for_two_tats": f"{_STRATEGIES}.tit_for_two_tats:TitForTwoTats",
    }
)
_entry_points_are_read = False


def _plain(name: str) -> str:
    """A name without what nobody tells apart: case, and the kind of its dashes."""
    return name.casefold().replace("-", "_").replace(" ", "_")


def register_policy(name: str, factory: F | str | None = None) -> Any:
    """Add a policy, under a new name; also as a decorator of its class.

    Parameters
    ----------
    name : str
        The name for `make_policy`, and for wherever a policy is named.
    factory : callable or str
        A subclass of `Policy`, or another callable from a game to a policy; or where to import it from when it is
        first needed, as ``"module:attribute"``. Left out, the decorator of what follows.

    Raises
    ------
    ValueError
        The name is taken, or no name.
    TypeError
        Something is forgotten: the policy's ``name``, ``classifier`` or ``citation``, or ``play``.

    Examples
    --------
    >>> from coopetition.baselines import Classifier, Policy, available, register_policy
    >>> @register_policy("halfway")
    ... class Halfway(Policy):
    ...     name = "halfway"
    ...     classifier = Classifier(memory=1)
    ...     citation = "An example."
    ...
    ...     def play(self, seen):
    ...         return 0.5 * (seen.own_rate + seen.others_mean)
    >>> "halfway" in available()
    True
    """
    if callable(name):
        called = getattr(name, "__name__", repr(name))
        raise TypeError(f'register_policy has no name for {called}: write @register_policy("{called.lower()}")')
    if factory is None:
        return lambda later: (register_policy(name, later), later)[1]
    if not isinstance(name, str) or not name or name != name.strip() or ":" in name or name in RESERVED:
        raise ValueError(f"a policy cannot be named {name!r}: expected a word without a colon, such as 'halfway'")
    _check_taken(name, factory)
    if isinstance(factory, type):
        _check_complete(factory, name)
    elif isinstance(factory, str):
        module, colon, attribute = factory.partition(":")
        if not (module and colon and attribute):
            raise ValueError(f"policy {name!r}: factory = {factory!r}: expected 'module:attribute'")
    elif not callable(factory):
        raise TypeError(f"policy {name!r}: factory = {factory!r} is neither callable nor 'module:attribute'")
    _POLICIES[name] = factory
    return factory


def _check_taken(name: str, factory: Factory | str) -> None:
    for taken, known in _POLICIES.items():
        if _plain(taken) != _plain(name):
            continue
        again = taken == name and (known == factory or _address(known) == _address(factory) is not None)
        if not again:
            raise ValueError(f"there is a policy {taken!r} already: the name {name!r} is taken")


def _address(factory: Factory | str) -> str | None:
    """Where a factory is imported from; the same for a class and for its module imported again."""
    if isinstance(factory, str):
        return factory
    if isinstance(factory, type) and "<" not in factory.__qualname__:
        return f"{factory.__module__}:{factory.__qualname__}"
    return None


def _check_complete(policy: Any, name: str) -> None:
    """A policy, or its class, has all that tables show; or a TypeError that says what was forgotten."""
    kind = policy if isinstance(policy, type) else type(policy)
    if not issubclass(kind, Policy):
        raise TypeError(f"policy {name!r}: {kind.__name__} is not a subclass of coopetition.baselines.Policy")
    if kind.play is Policy.play and kind.act is Policy.act:
        raise TypeError(f"policy {name!r}: {kind.__name__} has neither play(seen) nor act(observations, agent)")
    wanted = {"name": str, "classifier": Classifier, "citation": str}
    for attribute, what in wanted.items():
        value = getattr(policy, attribute, None)
        if not isinstance(value, what) or not value:
            raise TypeError(
                f"policy {name!r}: {kind.__name__} has no {attribute}; write {attribute} = "
                + {"name": repr(name), "classifier": "Classifier(...)", "citation": '"..."'}[attribute]
            )
    if _plain(policy.name) != _plain(name):
        raise TypeError(f"policy {name!r}: {kind.__name__} calls itself {policy.name!r}")


def _read_entry_points() -> None:
    """Take up what other installed packages declare; a name that is taken is refused with a warning."""
    global _entry_points_are_read
    load_named()
    if _entry_points_are_read:
        return
    _entry_points_are_read = True
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS):
        try:
            register_policy(point.name, point.value)
        except (TypeError, ValueError) as error:
            package = point.dist.name if point.dist is not None else "a package"
            warnings.warn(f"the policy {point.name!r} of {package} is left out: {error}", stacklevel=3)


def available() -> tuple[str, ...]:
    """All names, sorted.

    Examples
    --------
    >>> from coopetition.baselines import available
    >>> {"Oracle_Nash", "constant_035", "random", "tit_for_tat"} <= set(available())
    True
    """
    _read_entry_points()
    return tuple(sorted(_POLICIES))


def check_policy_name(name: str) -> str:
    """The name, if there is such a policy; with a module in front, that module is imported first.

    A name that ends in ``.safetensors`` is the file of a trained policy.

    Raises
    ------
    ValueError
        There is none; the message has what there is, and the nearest match.
    """
    if is_policy_file(str(name)):
        if not Path(name).is_file():
            raise ValueError(f"there is no file {name!r} to read a trained policy from")
        return str(name)
    module, colon, short = str(name).rpartition(":")
    if colon:
        importlib.import_module(module)
    if short not in _POLICIES:
        _read_entry_points()
    if short not in _POLICIES and colon:
        raise not_registered(str(name), "policy", "register_policy", _POLICIES)
    if short not in _POLICIES:
        named = [other for other in available() if not other.startswith("constant_")]
        raise ValueError(
            f"unknown policy {name!r}; allowed: 'constant_000' ... 'constant_100', "
            f"{', '.join(map(repr, named))}{nearest(short, available())}"
        )
    return short


def make_policy(name: str, game: Game) -> Policy:
    """The policy of that name for a game.

    Parameters
    ----------
    name : str
        One of `available`, or ``"module:name"`` for one that a module registers when it is imported, or
        the file of a trained policy (``.safetensors``).
    game : Game
        What it will play, in the action scale and observation of the game.

    Raises
    ------
    ValueError
        An unknown name, with the nearest match; a file that is missing, broken, or not for this game.
    TypeError
        A registered policy that lacks something, which is named.

    Examples
    --------
    >>> import coopetition
    >>> from coopetition.baselines import make_policy
    >>> make_policy("tit_for_tat", coopetition.make_game("SLCD-v0")).classifier.memory
    1
    """
    short = check_policy_name(name)
    if is_policy_file(short):
        return TrainedPolicy(game, short)
    factory = _POLICIES[short]
    if isinstance(factory, str):
        module, _, attribute = factory.partition(":")
        factory = getattr(importlib.import_module(module), attribute)
        if not callable(factory):
            raise TypeError(f"policy {short!r}: {module}:{attribute} is not callable")
    policy: Policy = factory(game)
    _check_complete(policy, short)
    return policy


def as_policy(policy: Any, game: Game) -> Policy:
    """A policy from its name, or itself.

    Parameters
    ----------
    policy : str, Policy, or object with ``act``
        What has ``act(observations, agent)`` and nothing else plays as well.
    game : Game
        What it will play.

    Raises
    ------
    TypeError
        Neither.
    """
    if isinstance(policy, str):
        return make_policy(policy, game)
    if isinstance(policy, type) or not callable(getattr(policy, "act", None)):
        raise TypeError(f"{policy!r} is neither a baseline's name nor a policy with act(observations, agent)")
    found: Policy = policy
    return found
