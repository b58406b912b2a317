"""Gymnasium's vector API, natively: one kernel call steps all copies."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from coopetition.api import render
from coopetition.api.joint import METADATA
from coopetition.api.options import (
    EPISODE_TOTALS,
    ViewOptions,
    action_box,
    agent_index,
    checked_reset_options,
    observation_box,
)
from coopetition.api.partners import DEFAULT_PARTNER, policies_for, reset_policies, to_actions
from coopetition.api.view import NOT_IN_INFO, ViewSnapshot, refuse_of_another_view
from coopetition.batching.batch import Batch
from coopetition.batching.streams import seeds_of_copies
from coopetition.games import checks
from coopetition.games.game import Game
from coopetition.games.parameters import nearest
from coopetition.policies.policy import Policy

RESET_MASK = "reset_mask"
#: What the batch's own autoreset is. Under "SameStep" the view restarts copies itself, after it has read the totals
#: and the state of the episodes that ended.
BATCH_AUTORESET = {
    AutoresetMode.NEXT_STEP: "next_step",
    AutoresetMode.SAME_STEP: "disabled",
    AutoresetMode.DISABLED: "disabled",
}
#: What a snapshot has besides the batch.
REMEMBERED = ("_ended", "_has_reset", "_history", "_policies")
#: Infos that are zero when nothing has been played yet.
PAID = ("rewards", "payoff", "utility")


def autoreset_mode_of(value: Any) -> AutoresetMode:
    """Gymnasium's mode, from itself or its name.

    Raises
    ------
    ValueError
        An unknown one, with what is allowed and the nearest match.
    """
    if isinstance(value, AutoresetMode):
        return value
    for mode in AutoresetMode:
        if str(value) in (mode.value, mode.name, mode.name.lower()):
            return mode
    names = [mode.value for mode in AutoresetMode]
    raise ValueError(f"unknown autoreset_mode {value!r}; allowed: {', '.join(names)}{nearest(str(value), names)}")


class CoopetitionVectorEnv(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """B copies of a game behind Gymnasium's vector API.

    Parameters
    ----------
    game : Game
        What is played.
    num_envs : int
        Number of copies B.
    control : str or int
        "joint", or the one agent that the learner plays, by name or index.
    partners : str, policy, sequence or mapping, optional
        Who plays the others under single-agent control; "tit_for_tat" by default.
    autoreset_mode : gymnasium.vector.AutoresetMode or str
        "NextStep", "SameStep" or "Disabled".
    threads : int
        Cores to use.
    options : ViewOptions, optional
        How it is shown.

    Notes
    -----
    Stepping it equals stepping B single environments, seeded alike: copy k with ``seed + k``, partners that draw
    included. Infos are those of the single environments, stacked, each
    with its mask under ``_key``; the totals of an episode come with its last step, under "SameStep" within
    ``final_info``. Nothing that is returned is written again.
    """

    # Gymnasium closes what is deleted, also when its construction was refused.
    _windows: Sequence[Any] = ()

    def __init__(
        self,
        game: Game,
        num_envs: int = 1,
        control: str | int = "joint",
        partners: Any = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        threads: int = 1,
        options: ViewOptions | None = None,
    ) -> None:
        options = options or ViewOptions()
        self.game = game
        self.index = None if isinstance(control, str) and control == "joint" else agent_index(game, control)
        if self.index is None and partners is not None:
            raise ValueError("partners play along when control names one agent; with control='joint' there are none")
        self._policies = (
            []
            if self.index is None
            else policies_for(game, self.index, DEFAULT_PARTNER if partners is None else partners)
        )
        self.autoreset_mode = autoreset_mode_of(autoreset_mode)
        self.metadata = {**METADATA, "autoreset_mode": self.autoreset_mode}
        self.render_mode = options.render_mode
        self.info_level = options.info_level
        self._draws = options.render_mode in ("human", "rgb_array")
        self._batch = Batch(
            game,
            num_envs,
            autoreset=BATCH_AUTORESET[self.autoreset_mode],
            strict_actions=options.strict_actions,
            threads=threads,
            observe=self.index is not None,
            observe_joint=self.index is None,
        )
        self.num_envs = self._batch.num_envs
        if self.index is None:
            self.single_observation_space = observation_box(game.joint_size)
            self.single_action_space = action_box(game, slice(None))
        else:
            self.single_observation_space = observation_box(game.observation_size)
            self.single_action_space = action_box(game, [self.index])
        #: Actions as `step` reads them.
        self._shape = (self.num_envs, (game.n if self.index is None else 1) * game.axes)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        totals = game.layout["reward_total"]
        #: Rows of the state up to the totals.
        self._head = totals.first + totals.size
        #: Columns of the agents that the learner plays, and of those that infos show, which are the same: a slice
        #: for actions (B, 1), an index for infos (B,).
        self._played: slice = slice(None) if self.index is None else slice(self.index, self.index + 1)
        self._shown: slice | int = slice(None) if self.index is None else self.index
        #: What a restarted copy shows.
        self._first_rates = game.initial_state[game.layout["rates"].rows][self._shown]
        #: The actions of all agents, where the kernel reads them.
        self._given = self._batch.actions
        self._everyone = np.ones(self.num_envs, dtype=np.bool_)
        #: Copies whose episode is over, by index.
        self._ended = np.zeros(0, dtype=np.int64)
        self._has_reset = False
        self._history: list[dict[str, list[Any]]] = []
        self._windows = [None] * self.num_envs

    @property
    def observation_layout(self) -> dict[str, slice]:
        """Where each named part of an agent's observation lies."""
        return dict(self.game.observation_layout)

    @property
    def state_layout(self) -> dict[str, slice]:
        """Where each named part of the joint state lies."""
        return dict(self.game.joint_layout)

    def __repr__(self) -> str:
        who = "" if self.index is None else f"{self.game.agents[self.index]} in "
        return f"<{type(self).__name__} of {self.num_envs}, {self.autoreset_mode.value}: {who}{self.game!r}>"

    def __str__(self) -> str:
        return repr(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_windows": [None] * self.num_envs}

    # --- the interface

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start new episodes.

        Parameters
        ----------
        seed : int or sequence of int, optional
            Copy k is seeded with ``seed + k``, or with its own entry; None goes on with its stream.
        options : dict, optional
            State to start from, by name; and ``reset_mask`` (B,) bool, which copies to reset.

        Returns
        -------
        observations : ndarray (B, S) or (B, O) float32
        infos : dict
        """
        if options is not None and not isinstance(options, Mapping):
            raise TypeError(f"options must be a mapping of state names to values, not {type(options).__name__}")
        given = dict(options or {})
        mask = self._checked_mask(given.pop(RESET_MASK, None))
        values = checked_reset_options(self.game, given)
        copies = np.flatnonzero(mask)
        seed = checks.seeds("seed", seed, self.num_envs)
        if isinstance(seed, list):
            seeds: list[int | None] = seed
            self._batch.reset(seed=[seeds[k] for k in copies], options=values, mask=mask)
        else:
            seeds = seeds_of_copies(seed, self.num_envs)
            super().reset(seed=seed)
            self._batch.reset(seed=seed, options=values, mask=mask)
        if mask.all():
            reset_policies(self._policies, None if seed is None else seeds, self.num_envs)
        elif seed is not None:
            for policy in {id(policy): policy for _, policy in self._policies}.values():
                if isinstance(policy, Policy):
                    policy.reseed([one if chosen else None for one, chosen in zip(seeds, mask, strict=True)])
        self._has_reset = True
        self._ended = self._ended[~mask[self._ended]]
        if self._draws:
            blank: list[dict[str, list[Any]]] = [{"rates": [], "payoffs": []} for _ in range(self.num_envs)]
            kept = self._history or blank
            self._history = [blank[k] if mask[k] else kept[k] for k in range(self.num_envs)]
            self._show()
        return self._seen().copy(), self._first_infos(mask)

    def _checked_mask(self, mask: Any) -> np.ndarray:
        if mask is None:
            return np.ones(self.num_envs, dtype=np.bool_)
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (self.num_envs,):
            raise ValueError(f"options['reset_mask'] = {mask!r}: expected a boolean array of shape ({self.num_envs},)")
        if not mask.any():
            raise ValueError("options['reset_mask'] must name at least one copy")
        if not self._has_reset and not mask.all():
            raise ResetNeeded("The first reset must reset every copy")
        return mask

    def step(self, actions: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Play one step in every copy.

        Parameters
        ----------
        actions : array_like (B, N) or (B, 1)
            One number per agent, or the controlled agent's; (B, 2 N) or (B, 2) where an action has two.

        Returns
        -------
        observations : ndarray (B, S) or (B, O) float32
        rewards : ndarray (B,) float64
        terminations, truncations : ndarray (B,) bool
        infos : dict

        Raises
        ------
        ValueError
            A wrong shape or an action that is not finite; the state is as before.
        gymnasium.error.ResetNeeded
            Before the first reset; under "Disabled" also when an ended copy was not reset.
        """
        if not self._has_reset:
            raise ResetNeeded("Cannot call step() before calling reset()")
        restarting = self._ended
        if restarting.size and self.autoreset_mode is AutoresetMode.DISABLED:
            raise ResetNeeded(
                f"The episodes of copies {restarting.tolist()} are over: reset them with options['reset_mask']"
            )
        self._read(actions)
        batch = self._batch
        batch.step(self._given)
        rewards = batch.joint_rewards if self.index is None else batch.rewards[:, self.index]
        rewards = rewards.astype(np.float64)
        terminations, truncations = batch.terminated.copy(), batch.truncated.copy()
        if self._draws:
            self._record(restarting)
        ended = terminations | truncations
        self._ended = ended.nonzero()[0]
        arrays = self._with_state(self._arrays(self._cooperation()))
        if restarting.size:  # under "NextStep": these copies have only restarted
            arrays["cooperation"][restarting] = self._first_rates
        infos = masked(arrays, self._everyone)
        if self._ended.size:
            self._add_ends(infos, ended)
        return self._seen().copy(), rewards, terminations, truncations, infos

    def _read(self, actions: Any) -> None:
        """Write the actions of all agents, partners' included, where the kernel reads them."""
        shape = self._shape
        plain = type(actions) is np.ndarray and actions.dtype.kind == "f"
        array = actions if plain else checks.reals("actions", actions)
        if array.shape != shape:
            raise ValueError(f"actions have shape {array.shape}, expected {shape}; the state is unchanged")
        given = self._given
        if self.game.axes > 1:
            array = array.reshape(self.num_envs, -1, self.game.axes)
        given[:, self._played] = array
        if self._policies:
            self._check_own(given[:, self.index])
        for j, policy in self._policies:
            played = to_actions(self.game, j, policy.act(self._batch.observations[:, j], j))
            if played.size != given[:, j].size:
                raise ValueError(
                    f"the policy of {self.game.agents[j]!r} gave {played.size} actions, expected {given[:, j].size}"
                )
            given[:, j] = played
        if self._ended.size:  # under "NextStep" these copies only restart: nobody has played there
            for policy in {id(policy): policy for _, policy in self._policies}.values():
                if isinstance(policy, Policy):
                    policy.waited(self._ended)

    def _check_own(self, actions: np.ndarray) -> None:
        """Refuse bad actions before any partner has acted on them, so that partners' states stay as they were."""
        game, i = self.game, self.index
        assert i is not None
        bad = np.flatnonzero(~np.isfinite(actions))
        if bad.size:
            raise self._batch.refusal(self._place_of(int(bad[0]), i) + 1)
        if self._batch.strict_actions:
            bad = np.flatnonzero((actions < game.action_low[i]) | (actions > game.action_high[i]))
            if bad.size:
                raise self._batch.refusal(-(self._place_of(int(bad[0]), i) + 1))

    def _place_of(self, number: int, i: int) -> int:
        """Where a number of agent i's actions lies among those of all agents."""
        copy, axis = divmod(number, self.game.axes)
        return (copy * self.game.n + i) * self.game.axes + axis

    def _seen(self) -> np.ndarray:
        """What the learner sees now, in memory that the next step writes again."""
        batch = self._batch
        seen: np.ndarray = batch.joint if self.index is None else batch.observations[:, self.index]
        return seen

    # --- infos

    def _cooperation(self) -> np.ndarray:
        """Rates played (B, N) or (B,): the kernel's own formula, since restarted copies no longer hold them."""
        rates = self._given[:, self._shown]
        if self.game.action_scale != "unit":  # a division by one, broadcast over rows, is most of what this costs
            low = self.game.action_low[self._shown]
            rates = (rates - low) / (self.game.action_high[self._shown] - low)
        if self.game.axes > 1:
            rates = rates[..., 0]
        return rates.clip(0.0, 1.0)

    def _arrays(self, cooperation: np.ndarray) -> dict[str, np.ndarray]:
        batch, shown = self._batch, self._shown
        arrays = {
            "payoff": batch.payoffs[:, shown].copy(),
            "utility": batch.utilities[:, shown].copy(),
            "cooperation": cooperation,
        }
        return arrays if self.index is not None else {"rewards": batch.rewards.copy(), **arrays}

    def _with_state(self, arrays: dict[str, Any]) -> dict[str, Any]:
        if self.info_level == "full":
            state = self._batch.state()
            arrays.update({name: value for name, value in state.items() if name not in NOT_IN_INFO})
        return arrays

    def _first_infos(self, mask: np.ndarray) -> dict[str, Any]:
        """Infos of a reset: nothing paid, baseline rates."""
        arrays = self._arrays(self._batch.state()["rates"][:, self._shown].copy())
        for name in PAID:
            if name in arrays:
                arrays[name][:] = 0.0
        arrays = self._with_state(arrays)
        for value in arrays.values():
            value[~mask] = 0
        return masked(arrays, mask)

    def _add_ends(self, infos: dict[str, Any], ended: np.ndarray) -> None:
        """Add totals and outcomes of the copies that ended; under "SameStep", restart these copies as well."""
        copies = self._ended
        totals, outcomes = self._totals(copies)
        ending = {EPISODE_TOTALS: masked(totals, ended), "outcome": outcomes}
        if self.autoreset_mode is not AutoresetMode.SAME_STEP:
            infos.update(masked(ending, ended))
            return
        shown = [name for name in infos if not name.startswith("_")]
        last = {name: only(infos[name].take(copies, axis=0), copies, self.num_envs) for name in shown}
        final_obs = np.empty(self.num_envs, dtype=object)
        for k, row in zip(copies, self._seen().take(copies, axis=0), strict=True):
            final_obs[k] = row
        self._batch.reset(mask=ended)
        for name in shown:
            if name in PAID:
                infos[name][copies] = 0.0
        infos["cooperation"][copies] = self._first_rates
        for name, value in self._with_state({}).items():
            infos[name][copies] = value[copies]
        infos.update(masked({"final_obs": final_obs, "final_info": masked({**last, **ending}, ended)}, ended))
        self._ended = np.zeros(0, dtype=np.int64)
        if self._draws:
            for k in copies:
                self._history[k] = {"rates": [], "payoffs": []}

    def _totals(self, copies: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
        """Totals and outcomes of some copies; zero and None for the others."""
        layout = self.game.layout
        # Most steps end few copies, or none: only those are read.
        rows = self._batch.memory.rows_of(copies, slice(self._head))
        rewards, payoffs = rows[:, layout["reward_total"].rows], rows[:, layout["payoff_total"].rows]
        lengths = rows[:, layout["time"].first].astype(np.int64)
        of_copies: dict[str, np.ndarray]
        if self.index is None:
            mean = rewards.sum(axis=1) / self.game.n
            of_copies = {"reward": mean, "rewards": rewards, "payoff": payoffs, "length": lengths}
        else:
            of_copies = {"reward": rewards[:, self.index], "payoff": payoffs[:, self.index], "length": lengths}
        totals = {name: only(values, copies, self.num_envs) for name, values in of_copies.items()}
        outcomes = np.empty(self.num_envs, dtype=object)
        outcomes[copies] = np.array(self.game.outcomes, dtype=object)[rows[:, layout["outcome"].first].astype(np.int64)]
        return totals, outcomes

    # --- planning

    def snapshot(self) -> ViewSnapshot:
        """A copy of all episodes as they stand, random streams included."""
        memory = {name: copy.deepcopy(getattr(self, name)) for name in REMEMBERED}
        return ViewSnapshot(self._batch.snapshot(), memory)

    def restore(self, snapshot: ViewSnapshot) -> np.ndarray:
        """Go back to a snapshot; the observations there, float32 (B, S) or (B, O)."""
        refuse_of_another_view(self, snapshot, REMEMBERED)
        self._batch.restore(snapshot.batch)
        self.__dict__.update(copy.deepcopy(snapshot.memory))
        return self._seen().copy()

    def state(self) -> np.ndarray:
        """Every copy's joint state, float32 (B, S)."""
        if not self._has_reset:
            raise ResetNeeded("Cannot call state() before calling reset()")
        return self._batch.joint_state()

    # --- rendering

    def _record(self, restarted: np.ndarray) -> None:
        low, payoffs = self.game.action_low, self._batch.payoffs
        rates = np.clip((self._given - low) / (self.game.action_high - low), 0.0, 1.0)
        rates = rates if self.game.axes == 1 else rates[..., 0]
        for k, recorded in enumerate(self._history):
            if k in restarted:
                recorded["rates"], recorded["payoffs"] = [], []
            else:
                recorded["rates"].append(rates[k].tolist())
                recorded["payoffs"].append(payoffs[k].tolist())
        self._show()

    def _show(self) -> None:
        if self.render_mode == "human":
            self.render()

    def render(self) -> tuple[Any, ...] | None:
        """What the single environments would render, one entry a copy."""
        if not self._has_reset:
            raise ResetNeeded("Cannot call render() before calling reset()")
        if self.render_mode is None:
            render.warn_without_mode(self.game)
            return None
        batch, game = self._batch, self.game
        states = [{name: value[k] for name, value in batch.state().items()} for k in range(self.num_envs)]
        if self.render_mode == "ansi":
            return tuple(
                render.table(game, states[k], batch.payoffs[k], batch.utilities[k], batch.rewards[k])
                for k in range(self.num_envs)
            )
        frames = tuple(
            render.frame(game, render.history(game, recorded, state))
            for recorded, state in zip(self._history, states, strict=True)
        )
        if self.render_mode == "rgb_array":
            return frames
        self._windows = [
            render.show(frame, window, f"{game.id} {k}")
            for k, (frame, window) in enumerate(zip(frames, self._windows, strict=True))
        ]
        return None

    def close_extras(self, **kwargs: Any) -> None:
        """Close the windows, if there are any."""
        for window in self._windows:
            if window is not None:
                render.close(window)
        self._windows = [None] * self.num_envs


def only(values: np.ndarray, copies: np.ndarray, everyone: int) -> np.ndarray:
    """Some copies' values among zeros for the others."""
    among = np.zeros((everyone, *values.shape[1:]), dtype=values.dtype)
    among[copies] = values
    return among


def masked(arrays: dict[str, Any], mask: np.ndarray) -> dict[str, Any]:
    """Gymnasium's layout of infos: each key with the mask of the copies that have it, under ``_key``."""
    infos: dict[str, Any] = {}
    for name, value in arrays.items():
        infos[name], infos[f"_{name}"] = value, mask.copy()
    return infos
