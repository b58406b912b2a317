"""Whole episodes inside the kernel: what `Batch.rollout` plays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coopetition.batching.streams import RateStreams
from coopetition.games import checks
from coopetition.kernels.machine.numbers import Descriptor, Operation, Policy

if TYPE_CHECKING:
    from coopetition.batching.batch import Batch


@dataclass(frozen=True)
class Rollout:
    """Episodes played inside the kernel.

    Attributes
    ----------
    returns, payoff_totals : ndarray (B, N)
        Sums over each copy's current episode of the mode's rewards, and of payoffs.
    lengths : ndarray (B,)
        Steps of that episode.
    terminated, truncated : ndarray (B,) bool
        How it stands after the last step.
    payoffs, utilities : ndarray (steps, B, N) or None
        Every step's, when recorded; zero after a copy's end.
    rewards : ndarray (steps, B, N) float32 or None
        The same for the mode's rewards.
    """

    returns: np.ndarray
    payoff_totals: np.ndarray
    lengths: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    payoffs: np.ndarray | None = None
    utilities: np.ndarray | None = None
    rewards: np.ndarray | None = None


def play(batch: Batch, policies: Any, steps: int | None, actions: Any, record: bool, seed: int | None) -> Rollout:
    """Play `steps` steps of a batch from its current state; the arguments are those of `Batch.rollout`."""
    game, n, copies, memory = batch.game, batch.game.n, batch.num_envs, batch.memory
    steps = batch.longest_horizon if steps is None else checks.count("steps", steps)
    if policies is None:
        policies = "tit_for_tat" if actions is None else "actions"
    if not isinstance(policies, Iterable):
        raise TypeError(f"policies = {checks.shown(policies)}: expected a name, or one for each agent")
    names = [policies] * n if isinstance(policies, str) else list(policies)
    if len(names) != n:
        raise ValueError(f"{len(names)} policies for {n} agents")
    codes, constants = np.zeros(n, dtype=np.int64), np.zeros(n)
    for i, name in enumerate(names):
        codes[i], constants[i] = compiled_policy(name)
    if actions is not None and "actions" not in names:
        raise ValueError(f"actions are given, and no agent plays them: the policies are {', '.join(map(str, names))}")
    script = _script(batch, names, steps, actions, seed) if (codes == Policy.EXTERNAL).any() else np.zeros(0)
    d = memory.descriptor.copy()
    d[Descriptor.STEPS] = steps
    if codes.any():
        from coopetition.kernels.machine.driver import play as play_stage

        d[Descriptor.POLICIES] = codes.ctypes.data
        d[Descriptor.PLAY] = play_stage.address()
    d[Descriptor.POLICY_RATES] = constants.ctypes.data
    d[Descriptor.ACTIONS] = script.ctypes.data if script.size else 0
    for place in (Descriptor.OBSERVATIONS, Descriptor.JOINT, Descriptor.JOINT_REWARDS):
        d[place] = 0
    outputs = {
        "payoffs": (Descriptor.PAYOFFS, np.float64),
        "utilities": (Descriptor.UTILITIES, np.float64),
        "rewards": (Descriptor.REWARDS, np.float32),
    }
    kept: dict[str, Any] = {}
    for name, (place, dtype) in outputs.items():
        if record:
            kept[name] = np.zeros((steps, copies, n), dtype=dtype)
        d[place] = kept[name].ctypes.data if record else 0
    flags = np.zeros((2, steps if record else 1, copies), dtype=np.bool_)
    for flag, place in zip(flags, (Descriptor.TERMINATED, Descriptor.TRUNCATED), strict=True):
        d[place] = flag.ctypes.data
    d[Descriptor.RECORD] = record
    refused = memory.kernel(d.ctypes.data)
    if refused:
        raise batch.refusal(refused, script)
    batch.terminated[:], batch.truncated[:] = flags[:, -1]
    memory.run(Operation.OBSERVE)
    layout, rows = game.layout, memory.rows()
    return Rollout(
        returns=np.ascontiguousarray(rows[layout["reward_total"].rows].T),
        payoff_totals=np.ascontiguousarray(rows[layout["payoff_total"].rows].T),
        lengths=rows[layout["time"].first].astype(np.int64),
        terminated=batch.terminated.copy(),
        truncated=batch.truncated.copy(),
        **kept,
    )


def _script(batch: Batch, names: list[Any], steps: int, actions: Any, seed: int | None) -> np.ndarray:
    """What agents play whose policy is no compiled one, (steps, B, N) or (..., N, 2): the caller's, or random ones."""
    shape, copies = batch.game.action_shape, batch.num_envs
    # Whoever draws rates plays no intensity, which is the lower bound of the second number.
    script = np.empty((steps, copies, *shape))
    script[:] = np.zeros(shape) if batch.game.axes == 1 else batch.action_low
    if actions is not None:
        given = checks.reals("actions", actions)
        given = given[:, np.newaxis] if given.ndim == 1 + len(shape) else given
        if given.shape not in ((steps, copies, *shape), (steps, 1, *shape)):
            raise ValueError(f"actions have shape {given.shape}, expected {(steps, copies, *shape)}")
        script[:] = given
    elif "actions" in names:
        raise ValueError("the policy 'actions' needs the argument actions")
    drawn = [i for i, name in enumerate(names) if name == "random"]
    if drawn:
        rates = np.stack([RateStreams(seed, copies, i).draws(steps) for i in drawn], axis=-1)
        low, high, played = batch.action_low, batch.action_high, script
        if batch.game.axes > 1:
            low, high, played = low[..., 0], high[..., 0], script[..., 0]
        low, high = low[..., drawn], high[..., drawn]
        played[..., drawn] = low + rates * (high - low)
    return script


def compiled_policy(name: str) -> tuple[int, float]:
    """Code and rate of a policy that the kernel plays."""
    if name in ("actions", "random"):
        return Policy.EXTERNAL, 0.0
    if name == "tit_for_tat":
        return Policy.TIT_FOR_TAT, 0.0
    prefix, _, percent = str(name).partition("_")
    if prefix == "constant" and percent.isdigit() and len(percent) == 3 and int(percent) <= 100:
        return Policy.CONSTANT, int(percent) / 100.0
    raise ValueError(
        f"no compiled policy {name!r}; allowed: 'constant_000' ... 'constant_100', 'tit_for_tat', 'random', 'actions'"
    )
