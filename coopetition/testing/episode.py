"""Checks of one episode, frame by frame."""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete

from coopetition.batching.batch import Batch
from coopetition.testing.frames import ConformanceError, Frame, finite, kept, require, same, some
from coopetition.testing.players import BatchPlayer, ParallelPlayer, Player, VectorPlayer

#: Numbers that every info has, per agent.
INFO_KEYS = ("payoff", "utility", "cooperation")


def script_for(player: Player, seed: int) -> np.ndarray:
    """Actions (horizon, copies, N[, 2]): cooperative for the most part, so that episodes last, some of every kind."""
    game = player.game
    stream = np.random.default_rng(seed)
    rates = stream.uniform(0.5, 1.0, (game.horizon, player.copies, *game.action_shape))
    rates[3:6] = stream.uniform(0.0, 1.0, rates[3:6].shape)
    if game.axes > 1:
        rates[..., 1] *= 0.25
    if player.levels is not None:
        numbers = np.rint(rates * (player.levels - 1)).astype(np.int64)
        levels = np.linspace(game.action_low, game.action_high, player.levels, axis=-1)
        return levels[np.arange(game.n), numbers]
    actions = game.action_low + rates * (game.action_high - game.action_low)
    # Trainers send float32; the reference must play the same numbers.
    return actions.astype(np.float32).astype(np.float64)


def check_spaces(player: Player) -> None:
    """Spaces are finite float32 boxes, or of actions by number, and the same objects at every call."""
    for (name, one), (_, other) in zip(player.spaces(), player.spaces(), strict=True):
        require(one is other, "spaces", f"{name} is another object at every call")
        if player.levels is not None and "action_space" in name:
            numbered = isinstance(one, Discrete | MultiDiscrete | Box) and one.dtype.kind == "i"
            require(numbered, "spaces", f"{name} is {one}, and holds no numbers of levels")
            continue
        require(isinstance(one, Box), "spaces", f"{name} is {type(one).__name__}, not Box")
        require(one.dtype == np.float32, "spaces", f"{name} has dtype {one.dtype}, not float32")
        require(np.all(np.isfinite(one.low)) and np.all(np.isfinite(one.high)), "spaces", f"{name} is unbounded")


def check_observations(player: Player, frame: Frame, step: int) -> None:
    """Observations have the promised type and lie in their space; so does the state."""
    for label, seen in frame.observations.items():
        require(isinstance(seen, np.ndarray), "observation_dtype", f"{label}: {type(seen).__name__}, not an array")
        require(seen.dtype == np.float32, "observation_dtype", f"{label}: {seen.dtype}, not float32")
        space = player.observation_space(label)
        if seen not in space:
            raise ConformanceError(
                "observation_space", f"the observation of {label} at step {step} is not in {space}: {seen}"
            )
    space = player.state_space()
    if space is not None and frame.state not in space:
        raise ConformanceError("state_space", f"the state at step {step} is not in {space}: {frame.state}")


def check_numbers(player: Player, frame: Frame) -> None:
    """Rewards and flags have the promised types; every number is finite."""
    for label, reward in frame.rewards.items():
        require(
            type(reward) is player.reward_type,
            "reward_type",
            f"{label}: {type(reward).__name__}, not {player.reward_type.__name__}",
        )
        if not finite(reward):
            raise ConformanceError("finite", f"the reward of {label} is {reward}")
    for flags in (frame.terminated, frame.truncated):
        for label, flag in flags.items():
            require(
                type(flag) is player.flag_type,
                "flag_type",
                f"{label}: {type(flag).__name__}, not {player.flag_type.__name__}",
            )
    for label, info in frame.infos.items():
        for name, value in info.items():
            if not finite(value):
                raise ConformanceError("finite", f"info {name!r} of {label} is {value}")


def check_keys(player: Player, frame: Frame, first: Frame) -> None:
    """Every dict has every agent; infos have what they promise, and where trainers need it always the same."""
    labels = set(player.labels())
    parts = {"observations": frame.observations, "infos": frame.infos}
    if frame is not first:
        parts |= {"rewards": frame.rewards, "terminated": frame.terminated, "truncated": frame.truncated}
    for name, part in parts.items():
        require(set(part) == labels, "keys", f"{name} has keys {sorted(part)}, expected {sorted(labels)}")
    for label, info in frame.infos.items():
        wanted = [key for key in INFO_KEYS if not isinstance(player, BatchPlayer) or key != "cooperation"]
        missing = [key for key in wanted if key not in info]
        require(not missing, "info_keys", f"the info of {label} lacks {missing}")
        if player.constant_infos:
            require(
                info.keys() == first.infos[label].keys(),
                "info_keys",
                f"the info of {label} changed its keys from {sorted(first.infos[label])} to {sorted(info)}",
            )
            for name, value in info.items():
                require(
                    isinstance(value, int | float | np.ndarray),
                    "info_keys",
                    f"info {name!r} of {label} is not a number: {value!r}",
                )


def check_fresh(before: Frame, after: Frame) -> None:
    """What was returned is not written again."""
    for label, seen in after.observations.items():
        require(
            not np.shares_memory(seen, before.observations[label]),
            "fresh",
            f"consecutive observations of {label} share memory",
        )
    for name in ("observations", "infos", "rewards"):
        require(
            getattr(before, name) is not getattr(after, name),
            "fresh",
            f"two steps returned the same dict of {name}",
        )


def check_aliasing(frame: Frame) -> None:
    """No two agents are handed the same memory: what one does with its observation is nothing to the others."""
    arrays = list(frame.observations.items())
    for k, (label, seen) in enumerate(arrays):
        for other, shown in arrays[:k]:
            require(not np.shares_memory(seen, shown), "aliasing", f"{label} and {other} see through the same memory")
    infos = list(frame.infos.items())
    for k, (label, info) in enumerate(infos):
        for other, told in infos[:k]:
            require(info is not told, "aliasing", f"{label} and {other} have the same info")


#: Arrays of a batch that kernels write and callers read.
PUBLIC_ARRAYS = ("observations", "rewards", "payoffs", "utilities", "terminated", "truncated")


def check_bound(player: Player, script: np.ndarray, seed: int) -> None:
    """A public array that is replaced by another is refused, or from then on the one that is written."""
    if not isinstance(player, BatchPlayer):
        return
    twin = player.another()
    twin.reset(seed)
    env, wrong = twin.env, []
    for name in PUBLIC_ARRAYS:
        array = getattr(env, name)
        if not array.size:
            continue
        other = np.ones_like(array)
        try:
            setattr(env, name, other)
        except (AttributeError, TypeError, ValueError):
            continue
        wrong.append(name)
    twin.step(script[0])
    player.reset(seed)
    player.step(script[0])
    for name in wrong:
        require(
            same(getattr(env, name), getattr(player.env, name)),
            "detached",
            f"{name} was replaced by another array without a word, and shows nothing of the game any more",
        )
    arrays = [(name, getattr(env, name)) for name in PUBLIC_ARRAYS]
    for k, (name, array) in enumerate(arrays):
        for other_name, other in arrays[:k]:
            require(not np.shares_memory(array, other), "aliasing", f"{name} and {other_name} share memory")


def check_end(player: Player, frame: Frame, step: int) -> None:
    """All end together, by the horizon at the latest, and never in two ways."""
    horizon = player.game.horizon
    by_chance = player.game.parameters.continuation < 1.0
    for label in frame.terminated:
        both = frame.terminated[label] & frame.truncated[label]
        require(not some(both), "end", f"{label} was both terminated and truncated at step {step}")
    ends = [some(frame.terminated[label]) or some(frame.truncated[label]) for label in frame.terminated]
    require(len(set(ends)) == 1, "end", f"at step {step} some ended and some did not")
    require(frame.over == ends[0], "end", f"at step {step} flags and agents disagree about the end")
    require(step < horizon or frame.over, "end", f"the episode goes on after its horizon of {horizon}")
    for label, flag in frame.truncated.items():
        early = some(flag) and not by_chance
        require(step == horizon or not early, "end", f"{label} was truncated at step {step}, not at {horizon}")


def play(player: Player, script: np.ndarray, seed: int | None, steps: int | None = None) -> list[Frame]:
    """The frames of an episode, copied, from the reset to the end."""
    frames = [kept(player.reset(seed))]
    for actions in script[:steps]:
        frames.append(kept(player.step(actions)))
        if frames[-1].over:
            break
    return frames


def check_episode(player: Player, script: np.ndarray, seed: int) -> None:
    """One whole episode: types, spaces, keys, freshness, end, and equality with the game's own kernel."""
    game = player.game
    reference = Batch(game, player.copies, autoreset="disabled", observe=True, observe_joint=True)
    reference.reset(seed=seed)
    first = frame = player.reset(seed)
    check_observations(player, frame, 0)
    if not isinstance(player, BatchPlayer):
        check_keys(player, frame, first)
    check_equality(player, frame, reference, 0)
    for step, actions in enumerate(script, start=1):
        before, shown = frame, kept(frame.observations)
        frame = player.step(actions)
        require(same(before.observations, shown), "fresh", f"step {step} changed the observations of the step before")
        check_observations(player, frame, step)
        check_numbers(player, frame)
        check_keys(player, frame, first)
        check_fresh(before, frame)
        check_aliasing(frame)
        check_end(player, frame, step)
        reference.step(player.played(actions))
        check_equality(player, frame, reference, step)
        if frame.over:
            return


def check_equality(player: Player, frame: Frame, reference: Batch, step: int) -> None:
    """Observations, rewards, pay and ends are those of the kernel, bit for bit."""
    stacked = isinstance(player, BatchPlayer | VectorPlayer)
    for label in player.labels():
        for k in range(player.copies):
            seen = frame.observations[label][k] if stacked else frame.observations[label]
            expected = player.expected_observation(reference, label, k)
            where = f"{label} {k} at step {step}"
            if not np.array_equal(seen, expected):
                raise ConformanceError("equality", f"{where} sees {seen}, but the game shows {expected}")
            if step == 0:
                continue
            reward = frame.rewards[label][k] if stacked else frame.rewards[label]
            expected_reward = player.expected_reward(reference, label, k)
            if not (
                reward == expected_reward if isinstance(reward, float) else np.array_equal(reward, expected_reward)
            ):
                raise ConformanceError("equality", f"{where} earns {reward}, but the game pays {expected_reward}")
            for name, flags in (("terminated", frame.terminated), ("truncated", frame.truncated)):
                flag = flags[label][k] if stacked else flags[label]
                expected_flag = bool(getattr(reference, name)[k])
                require(
                    bool(flag) == expected_flag, "equality", f"{where}: {name} is {flag}, the game's {expected_flag}"
                )
    if step > 0 and isinstance(player, ParallelPlayer):
        for i, agent in enumerate(player.game.agents):
            for name, table in (("payoff", reference.payoffs), ("utility", reference.utilities)):
                require(
                    frame.infos[agent][name] == table[0, i],
                    "equality",
                    f"info {name!r} of {agent!r} at step {step} is {frame.infos[agent][name]}, not {table[0, i]}",
                )
