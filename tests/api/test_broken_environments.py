"""`check_env` can fail: one deliberately broken environment for each of its checks."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from coopetition.api.aec import CoopetitionAECEnv
from coopetition.api.joint import JointEnv
from coopetition.api.make import make_game
from coopetition.api.parallel import CoopetitionParallelEnv
from coopetition.batching.batch import Batch
from coopetition.testing import CHECKS, ConformanceError, check_env

HORIZON = 12


class BrokenEnv(CoopetitionParallelEnv):
    """A sound Parallel environment, which each case below breaks in one way."""

    def __init__(self):
        super().__init__(make_game("TrustDilemma-v0", horizon=HORIZON))
        self.steps = 0

    def reset(self, seed=None, options=None):
        self.steps = 0
        observations, infos = super().reset(seed, options)
        return observations, self.mark(infos)

    def step(self, actions):
        observations, rewards, terminated, truncated, infos = super().step(actions)
        self.steps += 1
        return self.spoil(observations, rewards, terminated, truncated, self.mark(infos))

    def mark(self, infos):
        """Infos of resets and steps."""
        return infos

    def spoil(self, observations, rewards, terminated, truncated, infos):
        return observations, rewards, terminated, truncated, infos


class FreshSpaces(BrokenEnv):
    def action_space(self, agent):
        return Box(0.0, 1.0, (1,), np.float32)


class DiscreteActions(BrokenEnv):
    def __init__(self):
        super().__init__()
        self.action_spaces = {agent: Discrete(2) for agent in self.possible_agents}


class DoubleObservations(BrokenEnv):
    def spoil(self, observations, *rest):
        return {agent: seen.astype(np.float64) for agent, seen in observations.items()}, *rest


class LateOutOfBounds(BrokenEnv):
    """Only the last observation leaves the space: a check of one step does not see it."""

    def spoil(self, observations, *rest):
        if self.steps == HORIZON:
            observations["agent_1"][0] = 1.5
        return observations, *rest


class StateOutOfBounds(BrokenEnv):
    def state(self):
        return super().state() * 3.0


class ScalarRewards(BrokenEnv):
    def spoil(self, observations, rewards, *rest):
        return observations, {agent: np.float64(reward) for agent, reward in rewards.items()}, *rest


class InfiniteReward(BrokenEnv):
    def spoil(self, observations, rewards, *rest):
        return observations, rewards | {"agent_0": float("inf")}, *rest


class InfiniteInfo(BrokenEnv):
    def spoil(self, *result):
        result[4]["agent_0"]["payoff"] = float("nan")
        return result


class ScalarFlags(BrokenEnv):
    def spoil(self, observations, rewards, terminated, *rest):
        return observations, rewards, {agent: np.bool_(flag) for agent, flag in terminated.items()}, *rest


class MissingAgent(BrokenEnv):
    def spoil(self, observations, rewards, *rest):
        del rewards["agent_1"]
        return observations, rewards, *rest


class ChangingInfo(BrokenEnv):
    def spoil(self, *result):
        if not self.agents:
            result[4]["agent_0"]["episode"] = 1.0
        return result


class TextInfo(BrokenEnv):
    def mark(self, infos):
        return {agent: info | {"outcome": "none"} for agent, info in infos.items()}


class ReusedObservations(BrokenEnv):
    def spoil(self, observations, *rest):
        if self.steps == 1:
            self.kept = observations
        for agent, seen in observations.items():
            self.kept[agent][:] = seen
        return dict(self.kept), *rest

    kept = None


class ReusedDict(BrokenEnv):
    def spoil(self, observations, rewards, terminated, truncated, infos):
        if self.steps == 1:
            self.kept = infos
        for agent, info in infos.items():
            self.kept[agent] = info
        return observations, rewards, terminated, truncated, self.kept

    kept = None


class ChangesActions(BrokenEnv):
    def step(self, actions):
        result = super().step(actions)
        for action in actions.values():
            action *= 0.5
        return result


class OneEndsFirst(BrokenEnv):
    def spoil(self, observations, rewards, terminated, truncated, infos):
        return observations, rewards, terminated, truncated | {"agent_0": False}, infos


class EndsTwice(BrokenEnv):
    def spoil(self, observations, rewards, terminated, truncated, infos):
        return observations, rewards, dict(truncated), truncated, infos


class Endless(BrokenEnv):
    """It never says that the horizon has come."""

    def spoil(self, observations, rewards, terminated, truncated, infos):
        self.agents = self.possible_agents[:]
        no = dict.fromkeys(self.possible_agents, False)
        return observations, rewards, no, dict(no), infos


class PaysOneMore(BrokenEnv):
    def spoil(self, observations, rewards, *rest):
        return observations, rewards | {"agent_1": rewards["agent_1"] + 1e-4}, *rest


class SeesOldTrust(BrokenEnv):
    def spoil(self, observations, *rest):
        for seen in observations.values():
            seen[2] = np.float32(0.5)
        return observations, *rest


class Drifts(BrokenEnv):
    """It changes from episode to episode, in what only infos show."""

    episodes = 0

    def reset(self, seed=None, options=None):
        self.episodes += 1
        return super().reset(seed, options)

    def mark(self, infos):
        return {agent: info | {"outcome": self.episodes} for agent, info in infos.items()}


class SharesState(BrokenEnv):
    """What one instance plays shows in another."""

    played = [0]

    def reset(self, seed=None, options=None):
        self.played[0] = 0
        return super().reset(seed, options)

    def mark(self, infos):
        self.played[0] += 1
        return {agent: info | {"outcome": self.played[0]} for agent, info in infos.items()}


class UsesGlobalRandom(BrokenEnv):
    def spoil(self, *result):
        np.random.random()  # noqa: NPY002 - that is what is broken
        return result


class ForgetsInSnapshot(BrokenEnv):
    """A count that `snapshot` does not take along."""

    def mark(self, infos):
        return {agent: info | {"outcome": self.steps} for agent, info in infos.items()}


class ForgetsInPickle(BrokenEnv):
    def __getstate__(self):
        return super().__getstate__() | {"steps": 0}

    def snapshot(self):
        return super().snapshot(), self.steps

    def restore(self, snapshot):
        self.steps = snapshot[1]
        return super().restore(snapshot[0])

    def __deepcopy__(self, memo):
        return type(self)()

    def mark(self, infos):
        return {agent: info | {"outcome": self.steps} for agent, info in infos.items()}


class PlaysNaN(BrokenEnv):
    def step(self, actions):
        return super().step({agent: np.nan_to_num(action) for agent, action in actions.items()})


class MovesBeforeRefusing(BrokenEnv):
    def step(self, actions):
        result = super().step({agent: np.nan_to_num(action) for agent, action in actions.items()})
        if not all(np.isfinite(action).all() for action in actions.values()):
            raise ValueError("not finite")
        return result


class RefusesOddly(BrokenEnv):
    def step(self, actions):
        if not all(np.isfinite(action).all() for action in actions.values()):
            raise ZeroDivisionError
        return super().step(actions)


class StepsBeforeReset(BrokenEnv):
    def step(self, actions):
        if not self._has_reset:
            self.reset(seed=0)
        return super().step(actions)


class StepsAfterEnd(BrokenEnv):
    def step(self, actions):
        if self._has_reset and not self.agents:
            self.reset(seed=0)
        return super().step(actions)


class RaisesOddlyBeforeReset(BrokenEnv):
    def step(self, actions):
        if not self._has_reset:
            raise KeyError("agents")
        return super().step(actions)


class HidesMoves(CoopetitionAECEnv):
    def __init__(self):
        super().__init__(make_game("TrustDilemma-v0", horizon=HORIZON), sequential=True)

    def observe(self, agent):
        seen = super().observe(agent)
        seen[self.observation_layout["revealed"].start :] = 0.0
        return seen


class ShowsMoves(CoopetitionAECEnv):
    """A simultaneous game in which the second mover sees the first one's rate before the round is played."""

    def __init__(self):
        super().__init__(make_game("TrustDilemma-v0", horizon=HORIZON))

    def observe(self, agent):
        seen = super().observe(agent)
        if self._position > 0:
            seen[self.observation_layout["other_rates"]] = self._revealed_rates[0]
        return seen


class SharesObservations(BrokenEnv):
    """Both agents get the same array, whose numbers are equal as long as both play alike."""

    def spoil(self, observations, *rest):
        return dict.fromkeys(observations, observations["agent_0"]), *rest


class SharesInfo(BrokenEnv):
    def spoil(self, *result):
        return *result[:4], dict.fromkeys(result[4], result[4]["agent_0"])


class TakesForeignSnapshots(BrokenEnv):
    def restore(self, snapshot):
        try:
            return super().restore(snapshot)
        except ValueError:
            return self._observations()


class NeverHeals(BrokenEnv):
    """Reads the baseline, as float32 has it, as a little less."""

    def step(self, actions):
        if all(action == np.float32(0.4) for action in actions.values()):
            actions = {agent: action - 1e-5 for agent, action in actions.items()}
        return super().step(actions)


class Detaches(Batch):
    """Takes another array for its rewards, and goes on to write the old one."""

    def __init__(self):
        super().__init__(make_game("TrustDilemma-v0", horizon=HORIZON), 2, autoreset="disabled")

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)

    def __deepcopy__(self, memo):
        return type(self)()


class SumsRewards(JointEnv):
    def __init__(self):
        super().__init__(make_game("TrustDilemma-v0", horizon=HORIZON))

    def step(self, action):
        observation, reward, *rest = super().step(action)
        return observation, 2.0 * reward, *rest


CASES = [
    (FreshSpaces, "spaces"),
    (DiscreteActions, "spaces"),
    (DoubleObservations, "observation_dtype"),
    (LateOutOfBounds, "observation_space"),
    (StateOutOfBounds, "state_space"),
    (ScalarRewards, "reward_type"),
    (InfiniteReward, "finite"),
    (InfiniteInfo, "finite"),
    (ScalarFlags, "flag_type"),
    (MissingAgent, "keys"),
    (ChangingInfo, "info_keys"),
    (TextInfo, "info_keys"),
    (ReusedObservations, "fresh"),
    (ReusedDict, "fresh"),
    (SharesObservations, "aliasing"),
    (SharesInfo, "aliasing"),
    (Detaches, "detached"),
    (ChangesActions, "actions"),
    (OneEndsFirst, "end"),
    (EndsTwice, "end"),
    (Endless, "end"),
    (PaysOneMore, "equality"),
    (SeesOldTrust, "equality"),
    (SumsRewards, "equality"),
    (HidesMoves, "revealed"),
    (ShowsMoves, "hidden"),
    (Drifts, "determinism"),
    (SharesState, "instances"),
    (UsesGlobalRandom, "global_random"),
    (ForgetsInSnapshot, "snapshot"),
    (TakesForeignSnapshots, "foreign_snapshot"),
    (NeverHeals, "healing"),
    (ForgetsInPickle, "pickle"),
    (PlaysNaN, "refusal"),
    (MovesBeforeRefusing, "refusal"),
    (RefusesOddly, "refusal"),
    (StepsBeforeReset, "order"),
    (StepsAfterEnd, "order"),
    (RaisesOddlyBeforeReset, "order"),
]


@pytest.mark.parametrize(("broken", "check"), CASES, ids=[case[0].__name__ for case in CASES])
def test_a_broken_environment_is_found(broken, check):
    with pytest.raises(ConformanceError) as caught:
        check_env(broken())
    assert caught.value.check == check


def test_every_check_has_a_broken_environment():
    assert {check for _, check in CASES} == set(CHECKS)


def test_the_sound_one_passes():
    check_env(BrokenEnv())
    check_env(copy.deepcopy(BrokenEnv()))


def test_errors_are_assertion_errors():
    assert issubclass(ConformanceError, AssertionError)
