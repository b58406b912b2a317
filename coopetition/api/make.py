"""From an id to a game, a batch, or one of the views."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coopetition.api.options import RENDER_MODES, split_options
from coopetition.batching.batch import Batch
from coopetition.games import checks
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters
from coopetition.games.variants import Variants, changed, drawn_variants, from_arrays, stacked

if TYPE_CHECKING:
    from coopetition.api.aec import CoopetitionAECEnv
    from coopetition.api.agent import AgentEnv
    from coopetition.api.joint import JointEnv
    from coopetition.api.parallel import CoopetitionParallelEnv
    from coopetition.api.vector import CoopetitionVectorEnv

JOINT = "joint"


def make_game(environment_id: str | Parameters, **options: Any) -> Game:
    """The game of an id.

    Parameters
    ----------
    environment_id : str or Parameters
        Such as ``"SLCD-v0"``; or an instance of an environment's parameter class.
    **options
        ``reward_mode``, ``observation``, ``action_scale``, and any parameter of the environment.

    Raises
    ------
    TypeError
        An unknown keyword, with the nearest match.
    ValueError
        An unknown id or mode, or a parameter out of its domain.

    Examples
    --------
    >>> from coopetition import make_game
    >>> make_game("SLCD-v0", horizon=50).agents
    ('samsung', 'sony')
    """
    return split_options(environment_id, options, view=())[0]


def batch(
    environment_id: str | Parameters,
    num_envs: int | None = None,
    *,
    parameters: Sequence[Mapping[str, Any] | Parameters] | Mapping[str, Any] | None = None,
    vary: Mapping[str, tuple[float, float]] | None = None,
    autoreset: str = "same_step",
    threads: int = 1,
    observe: bool = True,
    observe_joint: bool = False,
    buffers: dict[str, Any] | None = None,
    **options: Any,
) -> Batch:
    """B copies for multi-agent learners: arrays in, arrays out; see `coopetition.batching.batch.Batch`.

    Parameters
    ----------
    environment_id : str or Parameters
        Such as ``"SLCD-v0"``.
    num_envs : int
        Number of copies B; one by default, or one of each parameter set.
    parameters : sequence of dict or Parameters, or dict of str to array_like (K, ...)
        K parameter sets to play in one call: what each changes, or an array of K values for each parameter that varies
        ((K,), (K, N) for a number an agent, (K, N, N) for one a pair), which is checked as a whole. ``B / K`` copies
        play each, the first set's first; agents, state fields and stages must be the same.
    vary : dict of str to (float, float)
        Parameters that each copy draws anew for every episode, uniformly, from its own stream.
    autoreset, threads, observe, observe_joint, buffers
        As for `Batch`.
    **options
        ``reward_mode``, ``observation``, ``action_scale``, ``strict_actions``, and any parameter of the environment.

    Raises
    ------
    TypeError, ValueError
        As for `make_game`.

    Examples
    --------
    >>> import numpy as np
    >>> import coopetition
    >>> copies = coopetition.batch("TrustDilemma-v0", num_envs=3)
    >>> copies.reset(seed=1).shape
    (3, 2, 6)
    >>> observations, rewards, terminated, truncated = copies.step(np.full((3, 2), 0.5))
    >>> rewards.shape
    (3, 2)
    >>> studied = coopetition.batch("TrustDilemma-v0", parameters={"gamma": [0.4, 0.6, 0.8]})
    >>> _ = studied.reset(seed=1)
    >>> studied.rollout("constant_060", 10).payoff_totals[:, 0].round(1).tolist()
    [1342.2, 1402.2, 1462.2]
    """
    own = ("parameters", "vary", "autoreset", "threads", "observe", "observe_joint", "buffers")
    game, view = split_options(environment_id, options, own, ("strict_actions",))
    # What nobody chose is resolved for each set anew, as it would be for a batch of that set alone.
    names = [field.name for field in dataclasses.fields(game.parameters)]
    chosen = names if isinstance(environment_id, Parameters) else [name for name in names if name in options]
    variants = None if parameters is None else _variants(game, parameters, chosen)
    if num_envs is None:
        num_envs = 1 if variants is None else variants.count
    if vary is not None and not isinstance(vary, Mapping):
        raise TypeError(f"vary = {checks.shown(vary)}: expected a dict of (low, high), one for each parameter drawn")
    if vary:
        if variants is not None:
            raise ValueError("parameters= and vary= do not go together: the numbers of a set would be drawn anew")
        variants = drawn_variants(game, checks.count("num_envs", num_envs), vary, chosen)
    return Batch(
        variants.game if variants is not None else game,
        num_envs,
        variants=variants,
        vary=vary,
        autoreset=autoreset,
        strict_actions=view.strict_actions,
        threads=threads,
        observe=observe,
        observe_joint=observe_joint,
        buffers=buffers,
    )


def _variants(game: Game, parameters: Any, chosen: list[str]) -> Variants:
    """Many parameter sets, each a change of the game's."""
    if isinstance(parameters, Mapping):
        return from_arrays(game, parameters, chosen)
    if isinstance(parameters, str | bytes) or not isinstance(parameters, Sequence):
        raise TypeError(
            f"parameters = {checks.shown(parameters)}: expected a list of dicts or Parameters, or a dict of arrays"
        )
    games = []
    for k, one in enumerate(parameters):
        if not isinstance(one, Mapping | type(game.parameters).published_class()):
            raise TypeError(f"parameters[{k}] = {checks.shown(one)}: expected a dict, or Parameters of {game.id}")
        if isinstance(one, Parameters):
            made = one
        else:
            checks.arguments(f"parameters[{k}]", one, [f.name for f in dataclasses.fields(game.parameters)])
            made = changed(game.parameters, one, chosen)
        games.append(Game(made, game.mode, game.observation, game.action_scale))
    return stacked(games)


def gymnasium_env(
    environment_id: str | Parameters,
    *,
    control: str | int = JOINT,
    partners: Any = None,
    discrete: int | None = None,
    **options: Any,
) -> JointEnv | AgentEnv:
    """One copy behind Gymnasium's API; what ``gymnasium.make("coopetition/SLCD-v0")`` calls.

    Parameters
    ----------
    environment_id : str or Parameters
        Such as ``"SLCD-v0"``.
    control : str or int
        "joint": one learner plays all agents. An agent's name or index: it plays that one.
    partners : str, policy, sequence or mapping, optional
        Who plays the others: a baseline's name or a policy, or one for each; "tit_for_tat" by default.
    discrete : int, optional
        Number of levels K that an action is one of, for learners that need Discrete spaces: action k plays the rate
        k / (K - 1).
    **options
        ``reward_mode``, ``observation``, ``action_scale``, ``render_mode``, ``info_level``, ``strict_actions``, and any
        parameter of the environment.

    Raises
    ------
    TypeError, ValueError
        As for `make_game`; and for an unknown agent or partner.

    Examples
    --------
    >>> import gymnasium
    >>> env = gymnasium.make("coopetition:coopetition/PartnerHoldUp-v0", reward_mode="private")
    >>> observation, info = env.reset(seed=1)
    >>> env.action_space.shape
    (2,)
    """
    game, view = split_options(environment_id, options, ("control", "partners", "discrete"))
    if isinstance(control, str) and control == JOINT:
        if partners is not None:
            raise ValueError("partners play along when control names one agent; with control='joint' there are none")
        if discrete is not None:
            from coopetition.api.discrete import DiscreteJointEnv, checked_levels

            return DiscreteJointEnv(game, view, checked_levels(discrete))
        from coopetition.api.joint import JointEnv

        return JointEnv(game, view)
    from coopetition.api.partners import DEFAULT_PARTNER

    others = DEFAULT_PARTNER if partners is None else partners
    if discrete is not None:
        from coopetition.api.discrete import DiscreteAgentEnv, checked_levels

        return DiscreteAgentEnv(game, control, others, view, checked_levels(discrete))
    from coopetition.api.agent import AgentEnv, AxesAgentEnv

    return (AgentEnv if game.axes == 1 else AxesAgentEnv)(game, control, others, view)


# Gymnasium reads an entry point's render modes before it calls it.
gymnasium_env.metadata = {"render_modes": list(RENDER_MODES), "render_fps": 5}  # type: ignore[attr-defined]


def vector_env(
    environment_id: str | Parameters,
    num_envs: int = 1,
    *,
    control: str | int = JOINT,
    partners: Any = None,
    autoreset_mode: Any = "NextStep",
    threads: int = 1,
    discrete: int | None = None,
    **options: Any,
) -> CoopetitionVectorEnv:
    """B copies behind Gymnasium's vector API, stepped by one kernel call; what ``gymnasium.make_vec`` calls.

    Parameters
    ----------
    environment_id : str or Parameters
        Such as ``"SLCD-v0"``.
    num_envs : int
        Number of copies B.
    control, partners
        As for `gymnasium_env`.
    autoreset_mode : gymnasium.vector.AutoresetMode or str
        "NextStep", "SameStep" or "Disabled".
    threads : int
        Cores to use.
    discrete : int, optional
        As for `gymnasium_env`.
    **options
        As for `gymnasium_env`.

    Raises
    ------
    TypeError, ValueError
        As for `gymnasium_env`.
    """
    from coopetition.api.vector import CoopetitionVectorEnv

    own = ("control", "partners", "autoreset_mode", "threads", "discrete")
    game, view = split_options(environment_id, options, own)
    given = (num_envs, control, partners, autoreset_mode, threads, view)
    if discrete is not None:
        from coopetition.api.discrete import DiscreteVectorEnv, checked_levels

        return DiscreteVectorEnv(game, checked_levels(discrete), *given)
    return CoopetitionVectorEnv(game, *given)


def parallel_env(
    environment_id: str | Parameters, *, max_cycles: int | None = None, discrete: int | None = None, **options: Any
) -> CoopetitionParallelEnv:
    """One copy behind PettingZoo's Parallel API: all agents move at once.

    Parameters
    ----------
    environment_id : str or Parameters
        Such as ``"SLCD-v0"``.
    max_cycles : int, optional
        PettingZoo's word for `horizon`.
    discrete : int, optional
        As for `gymnasium_env`.
    **options
        As for `gymnasium_env`.

    Raises
    ------
    TypeError, ValueError
        As for `make_game`.

    Examples
    --------
    >>> import coopetition
    >>> env = coopetition.parallel_env("GiftExchange-v0")
    >>> observations, infos = env.reset(seed=1)
    >>> sorted(observations)
    ['employer', 'worker']
    """
    from coopetition.api.parallel import CoopetitionParallelEnv

    game, view = split_options(environment_id, _with_horizon(options, max_cycles), ("max_cycles", "discrete"))
    if discrete is not None:
        from coopetition.api.discrete import DiscreteParallelEnv, checked_levels

        return DiscreteParallelEnv(game, view, checked_levels(discrete))
    return CoopetitionParallelEnv(game, view)


def aec_env(
    environment_id: str | Parameters,
    *,
    turn_order: Sequence[str] | str | None = None,
    sequential: bool | None = None,
    max_cycles: int | None = None,
    discrete: int | None = None,
    **options: Any,
) -> CoopetitionAECEnv:
    """One copy behind PettingZoo's AEC API: what the Parallel one shows, or a sequential-move game.

    Parameters
    ----------
    environment_id : str or Parameters
        Such as ``"SLCD-v0"``.
    turn_order : sequence of str or "random", optional
        The agents' names, the leader first; or an order drawn anew each round: a sequential-move game.
    sequential : bool, optional
        Whether later movers of a round see what earlier ones played (``revealed``, ``moved``). By default only where
        there is a turn order.
    max_cycles : int, optional
        PettingZoo's word for `horizon`.
    discrete : int, optional
        As for `gymnasium_env`.
    **options
        As for `gymnasium_env`.

    Raises
    ------
    TypeError, ValueError
        As for `make_game`; and for a turn order that is not all agents.

    Examples
    --------
    >>> import coopetition
    >>> env = coopetition.aec_env("GiftExchange-v0", turn_order=["worker", "employer"])
    >>> env.reset(seed=1)
    >>> env.agent_selection
    'worker'
    """
    from coopetition.api.aec import CoopetitionAECEnv

    own = ("turn_order", "sequential", "max_cycles", "discrete")
    game, view = split_options(environment_id, _with_horizon(options, max_cycles), own)
    chosen = turn_order is not None if sequential is None else checks.flag("sequential", sequential)
    if turn_order is not None and not chosen:
        raise ValueError("turn_order makes the game sequential; sequential=False hides a round's moves: give one")
    if discrete is not None:
        from coopetition.api.discrete import DiscreteAECEnv, checked_levels

        return DiscreteAECEnv(game, turn_order, view, chosen, checked_levels(discrete))
    return CoopetitionAECEnv(game, turn_order, view, chosen)


def _with_horizon(options: dict[str, Any], max_cycles: int | None) -> dict[str, Any]:
    if max_cycles is None:
        return options
    if options.get("horizon", max_cycles) != max_cycles:
        raise ValueError(f"max_cycles = {max_cycles!r} and horizon = {options['horizon']!r} mean the same: give one")
    return {**options, "horizon": max_cycles}
