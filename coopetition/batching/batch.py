"""B copies of a game, stepped by one kernel call: reset, step, autoreset, named state, snapshot and rollout.

Longer than 500 lines, for it is one class with its documentation; memory, draws and rollouts lie in files of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from coopetition.batching import rollout as rollouts
from coopetition.batching.draws import Draws
from coopetition.batching.memory import AUTORESETS, PUBLIC, Memory
from coopetition.batching.memory import Snapshot as Snapshot
from coopetition.batching.rollout import Rollout
from coopetition.games import checks
from coopetition.games.game import Game
from coopetition.games.parameters import Parameters
from coopetition.games.variants import Variants
from coopetition.kernels.machine.numbers import Autoreset, Descriptor, Operation


class Batch:
    """B copies of one game for multi-agent learners and planners: arrays in, arrays out.

    Every array is allocated once and written in place by `reset` and `step`; copy what must outlive the next
    call.

    Parameters
    ----------
    game : Game
        What is played; `coopetition.batch` builds it from an id.
    num_envs : int
        Number of copies B.
    autoreset : {"same_step", "next_step", "disabled"}
        Gymnasium's modes. "disabled" leaves a copy as it ended, paying zero, until `reset` names it.
    strict_actions : bool
        Refuse actions out of bounds instead of clipping them.
    threads : int
        Cores to use; more than one pays from several thousand copies on.
    observe, observe_joint : bool
        Whether to write the agents' observations, and the joint state.
    buffers : dict of str to ndarray, optional
        Caller-owned, C-contiguous memory for any of the arrays below, such as shared memory. The batch keeps
        the arrays alive; NumPy refuses to resize what is referenced, and shared memory to close.
    variants : Variants, optional
        Many parameter sets, `num_envs / K` copies of each, one set's after another's; `game` is the first set's.
    vary : dict of str to (float, float), optional
        Parameters drawn uniformly for each copy and episode, from the copy's seed; `variants` has a set for each
        copy.
    block : tuple of str
        Arrays, "state" among them, to lay next to each other; see `coopetition.batching.memory.Memory`.

    Attributes
    ----------
    actions : ndarray (B, N) float64
        Where actions are read, (B, N, 2) where an action has two numbers: who writes them here, and steps with this
        very array, saves a copy.
    observations : ndarray (B, N, O) float32
        What each agent sees, in [0, 1].
    joint : ndarray (B, S) float32
        The joint state, in [0, 1].
    rewards : ndarray (B, N) float32
        The mode's rewards.
    joint_rewards : ndarray (B,) float32
        Their mean over agents.
    payoffs, utilities : ndarray (B, N) float64
        pi and U in every mode.
    terminated, truncated : ndarray (B,) bool
        Ends by the game's rule, and by the horizon.
    final_observations, final_joint : ndarray
        Under "same_step", what the copies that ended saw last.
    memory : Memory
        The state block, the descriptor and the kernel, for views and tools.

    Notes
    -----
    The arrays are where the kernel reads and writes. Assigning another array to one of their names is refused:
    ``batch.actions[:] = x`` writes.
    """

    actions: np.ndarray
    observations: np.ndarray
    joint: np.ndarray
    rewards: np.ndarray
    joint_rewards: np.ndarray
    payoffs: np.ndarray
    utilities: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    final_observations: np.ndarray
    final_joint: np.ndarray

    def __init__(
        self,
        game: Game,
        num_envs: int = 1,
        *,
        autoreset: str = "same_step",
        strict_actions: bool = False,
        threads: int = 1,
        observe: bool = True,
        observe_joint: bool = False,
        buffers: dict[str, np.ndarray] | None = None,
        block: tuple[str, ...] = (),
        variants: Variants | None = None,
        vary: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        self.game = game
        self.num_envs = checks.count("num_envs", num_envs)
        if vary and (variants is None or variants.count != self.num_envs):
            raise ValueError("what varies needs a set for each copy: see `coopetition.games.variants.drawn_variants`")
        if variants is not None and self.num_envs % variants.count:
            raise ValueError(
                f"num_envs = {self.num_envs}: expected a multiple of the {variants.count} parameter sets, which all "
                "have the same number of copies"
            )
        self.variants = variants
        self.threads = checks.count("threads", threads)
        self.autoreset = checks.choose("autoreset", autoreset, AUTORESETS)
        self.strict_actions = checks.flag("strict_actions", strict_actions)
        checks.flag("observe", observe)
        checks.flag("observe_joint", observe_joint)
        self.memory = Memory(
            game,
            self.num_envs,
            autoreset=self.autoreset,
            strict_actions=self.strict_actions,
            threads=self.threads,
            observe=observe,
            observe_joint=observe_joint,
            buffers=buffers,
            block=block,
            noisy=game.noise_places.size if observe else 0,
            variants=variants,
            varied=bool(vary),
        )
        self._bind()
        self.draws: Draws | None = None
        if game.random_gamma or game.uncertain or self.memory.noisy or vary:
            self.draws = Draws(self.memory, vary)
        self._is_reset = False

    def _bind(self) -> None:
        self.__dict__.update(self.memory.arrays)
        self._evaluation: tuple[int, np.ndarray, np.ndarray] | None = None
        self._kernel, self._address = self.memory.kernel, self.memory.address

    def __setattr__(self, name: str, value: Any) -> None:
        if name in PUBLIC and value is not self.__dict__.get(name):
            raise AttributeError(
                f"batch.{name} is where the kernel finds its numbers, and stays the same array: "
                f"write batch.{name}[:] = ..."
            )
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name in PUBLIC:
            raise AttributeError(f"batch.{name} is where the kernel finds its numbers, and cannot be deleted")
        object.__delattr__(self, name)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but addresses, compiled code, and arrays that the memory has."""
        left = (*PUBLIC, "_evaluation", "_kernel", "_address")
        return {name: value for name, value in self.__dict__.items() if name not in left}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._bind()

    @property
    def stochastic(self) -> bool:
        """Whether the game draws random numbers."""
        return self.draws is not None

    @property
    def lanes(self) -> int:
        """Copies that lie side by side in a chunk."""
        return self.memory.lanes

    def player(self) -> Callable[[], int]:
        """One step on the actions that lie in `actions`, as a call of few parts for the views of one copy.

        Returns
        -------
        callable
            Returns 0, or the code of a refused action, which `refusal` turns into an error.
        """
        return partial(self._kernel, self._address) if self.draws is None else self._step_with_draws

    def refusal(self, code: int, actions: np.ndarray | None = None) -> ValueError:
        """The error for an action that the kernel refused.

        Parameters
        ----------
        code : int
            One more than the flat index of an action that is not finite; negative if it is out of bounds.
        actions : ndarray (..., B, N), optional
            What was played; `actions` by default.
        """
        played = self.actions if actions is None else actions
        index = abs(code) - 1
        axes = self.game.axes
        agent = self.game.agents[index // axes % self.game.n]
        value = float(played.reshape(-1)[index])
        copy = index // (self.game.n * axes) % self.num_envs
        where = f" of copy {copy}" if self.num_envs > 1 else ""
        if code > 0:
            return ValueError(f"action {value} of agent {agent!r}{where} is not finite; the state is unchanged")
        low, high = (
            np.broadcast_to(bound, self.actions.shape).reshape(-1)[index % self.actions.size]
            for bound in (self.action_low, self.action_high)
        )
        return ValueError(
            f"action {value:g} of agent {agent!r}{where} is out of bounds [{low:g}, {high:g}] "
            "(strict_actions=True); the state is unchanged"
        )

    @property
    def longest_horizon(self) -> int:
        """Steps until every copy has ended."""
        return self.game.horizon if self.variants is None else int(self.variants.horizons.max())

    @property
    def action_low(self) -> np.ndarray:
        """Lower bounds of actions, `game.action_shape`; (B, N) or (B, N, 2) with many parameter sets."""
        return self._of_copies("action_low")

    @property
    def action_high(self) -> np.ndarray:
        """Upper bounds of actions, of the same shape."""
        return self._of_copies("action_high")

    def parameters_of(self, copy: int) -> Parameters:
        """The parameters that a copy plays; where numbers are drawn for each episode, those they are drawn around."""
        if self.variants is None:
            return self.game.parameters
        return self.variants.parameters_of(copy // self.memory.copies_of_set)

    def _of_copies(self, name: str) -> np.ndarray:
        if self.variants is None:
            shared: np.ndarray = getattr(self.game, name)
            return shared
        if self.draws is not None and self.draws.vary:
            return self.variants.drawn(name)  # each copy is a set, whose numbers are those of its episode
        return np.repeat(getattr(self.variants, name), self.memory.copies_of_set, axis=0)

    # --- the interface

    def use_generator(self, copy: int, generator: np.random.Generator) -> None:
        """Let one copy draw from a generator that the caller owns, such as Gymnasium's ``np_random``."""
        if self.draws is not None:
            self.draws.start_stream(copy, generator)

    def reset(
        self,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """Start new episodes.

        Parameters
        ----------
        seed : int or sequence of int, optional
            Copy k is seeded with ``seed + k``, or with its own entry. None goes on with the streams.
        options : dict, optional
            State to start from, by name, such as ``{"trust": 0.9}``; for this episode only.
        mask : ndarray (B,) bool, optional
            Which copies to reset; all by default.

        Returns
        -------
        ndarray (B, N, O) float32
            `observations`.
        """
        if options is not None and not isinstance(options, Mapping):
            raise TypeError(f"options must be a mapping of state names to values, not {type(options).__name__}")
        seeds = checks.seeds("seed", seed, self.num_envs if mask is None else int(np.count_nonzero(mask)))
        values = dict(options or {})
        self.game.state_vector(values)  # refuses what no state can be, before anything has moved
        chosen = self.memory.mask
        if mask is None:
            chosen[:] = True
        else:
            mask = np.asarray(mask)
            if mask.shape != (self.num_envs,) or mask.dtype != np.bool_:
                raise ValueError(f"mask must be boolean of shape ({self.num_envs},)")
            if not self._is_reset and not mask.all():
                raise ValueError("the first reset must reset every copy")
            chosen[:] = mask
        copies = np.flatnonzero(chosen)
        if self.draws is not None:
            own = seeds if isinstance(seeds, list) else [None if seeds is None else seeds + int(k) for k in copies]
            self.draws.seed(own, copies)
            self.draws.before_reset(copies)
        self.memory.run(Operation.RESET)
        if self.draws is not None:
            self.draws.after_restart(copies)
        self._is_reset = True
        self.terminated[copies] = False
        self.truncated[copies] = False
        if values:
            rows = self.memory.rows()
            mine = rows[:, copies]
            self.game.put_state(mine, values)
            rows[:, copies] = mine
            self._show(rows)
        return self.observations

    def step(self, actions: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Play one step in every copy.

        Parameters
        ----------
        actions : array_like (B, N)
            Rates, levels or symmetric actions, by the game's action scale; (B, N, 2) where an action has two numbers.
            `actions` itself is not copied.

        Returns
        -------
        observations, rewards, terminated, truncated : ndarray
            The attributes of those names, written in place.

        Raises
        ------
        ValueError
            A wrong shape, or an action that is not finite; the state is as before.
        """
        if not self._is_reset:
            raise RuntimeError("call reset() before step()")
        own = self.actions
        if actions is not own:
            given = checks.numbers_in("actions", actions)
            if given.shape != own.shape:
                raise ValueError(f"actions have shape {given.shape}, expected {own.shape}")
            own[...] = given
        refused = self._kernel(self._address) if self.draws is None else self._step_with_draws()
        if refused:
            raise self.refusal(refused)
        return self.observations, self.rewards, self.terminated, self.truncated

    def _step_with_draws(self) -> int:
        draws = self.draws
        assert draws is not None
        waiting = self.terminated | self.truncated
        draws.before_step()
        refused = self._kernel(self._address)
        if refused:
            return refused
        ended = self.terminated | self.truncated
        restarted = {"disabled": ended & False, "next_step": waiting, "same_step": ended}[self.autoreset]
        draws.after_step(restarted if self.autoreset == "same_step" else ended & False)
        draws.after_restart(np.flatnonzero(restarted))
        return 0

    def _show(self, rows: np.ndarray) -> None:
        """Write state rows, and the views of them."""
        self.memory.write_rows(rows)
        self.memory.run(Operation.OBSERVE)

    def joint_state(self) -> np.ndarray:
        """The joint state of each copy now, float32 (B, S): fresh, whether or not steps write it."""
        seen = np.empty((self.num_envs, self.game.joint_size), dtype=np.float32)
        d = self.memory.descriptor.copy()
        d[Descriptor.OPERATION] = Operation.OBSERVE
        d[Descriptor.ACTIONS] = d[Descriptor.OBSERVATIONS] = 0
        d[Descriptor.JOINT] = seen.ctypes.data
        self._kernel(d.ctypes.data)
        return seen

    def rows(self) -> np.ndarray:
        """State rows by copy, (rows, B): a copy of the state; `game.layout` says which are which."""
        return self.memory.rows()

    def state(self) -> dict[str, np.ndarray]:
        """The state by name, copies first: ``trust`` (B, N, N), ``loyalty`` (B, N), ``time`` (B,) and so on."""
        named = self.game.read_state(self.memory.rows())
        return {name: np.ascontiguousarray(np.moveaxis(value, -1, 0)) for name, value in named.items()}

    def read(self, name: str, copies: np.ndarray | None = None) -> np.ndarray:
        """One named part of the state of some copies, by index, or of all: a copy, (K, ...)."""
        field = self.game.layout[name]
        if copies is None:
            copies = np.arange(self.num_envs)
        return self.memory.rows_of(copies, field.rows).reshape(-1, *field.shape)

    def set_state(self, state: dict[str, Any]) -> None:
        """Set named parts of every copy's state, (B, ...) or one value for all, and rewrite the views.

        What follows from them is completed (`Game.put_state`), and a copy that had ended is under way again.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"state must be a mapping of state names to values, not {checks.kind_of(state)}")
        if not self._is_reset:
            self.reset()  # a game that draws starts its streams
        rows = self.memory.rows()
        self.game.put_state(rows, state)
        if state:
            self.terminated[:] = self.truncated[:] = False
        self._show(rows)

    def __repr__(self) -> str:
        return f"<Batch of {self.num_envs} of {self.game!r}>"

    def outcomes(self) -> list[str]:
        """Each copy's outcome so far: "", "collapsed", "recovered" or "dissolved"."""
        return [self.game.outcomes[int(code)] for code in self.memory.rows()[self.game.layout["outcome"].first]]

    def snapshot(self) -> Snapshot:
        """A copy of the whole state, random streams included."""
        streams = () if self.draws is None else self.draws.snapshot()
        return Snapshot(
            self.memory.state.copy(),
            (self.terminated.copy(), self.truncated.copy(), *streams),
            self.game.parameters,
            self.game.mode,
            self._sets,
        )

    @cached_property
    def _sets(self) -> Any:
        """What tells this batch's parameter sets from others': their numbers, or the ranges of what is drawn."""
        if self.draws is not None and self.draws.vary:
            return {name: tuple(map(float, bounds)) for name, bounds in self.draws.vary.items()}
        return None if self.variants is None or self.variants.count == 1 else self.variants.identity()

    def _refuse_of_other_sets(self, sets: Any) -> None:
        own = self._sets
        if type(own) is not type(sets) or (isinstance(own, dict) and own != sets):
            words = {np.ndarray: "a batch of many parameter sets", dict: f"vary={sets}"}
            raise ValueError(
                f"the snapshot belongs to {self.game.id} with {words.get(type(sets), 'one parameter set')}, this is "
                f"{self!r}"
            )
        if isinstance(own, np.ndarray):
            if own.shape != sets.shape:
                raise ValueError(f"the snapshot belongs to {len(sets)} parameter sets, this batch has {len(own)}")
            others = np.flatnonzero(~((own == sets) | (np.isnan(own) & np.isnan(sets))).all(axis=1))
            if others.size:
                raise ValueError(f"the snapshot belongs to other parameters: those of set {others[0]} differ")

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this batch, or of one of the same game and size; views are rewritten.

        Raises
        ------
        ValueError
            A snapshot of another game, other parameters or another reward mode, saying what it belongs to; of another
            number of copies; or one that is not finite.
        """
        if not isinstance(snapshot, Snapshot):
            raise TypeError(f"expected what snapshot() of a batch returns, not {checks.kind_of(snapshot)}")
        self.game.refuse_of_another_game(snapshot.parameters, snapshot.mode)
        self._refuse_of_other_sets(snapshot.sets)
        if not np.isfinite(snapshot.state).all():
            raise ValueError(f"the snapshot of {self.game.id} is not finite")
        if snapshot.state.shape != self.memory.state.shape or snapshot.random[0].shape != self.terminated.shape:
            raise ValueError("the snapshot is of another game or number of copies")
        if not self._is_reset:
            self.reset()
        self.memory.state[...] = snapshot.state
        self.terminated[...], self.truncated[...], *streams = snapshot.random
        if self.draws is not None:
            self.draws.restore(tuple(streams))
        self.memory.run(Operation.OBSERVE)

    def rollout(
        self,
        policies: Any = None,
        steps: int | None = None,
        *,
        actions: np.ndarray | None = None,
        record: bool = False,
        seed: int | None = None,
    ) -> Rollout:
        """Play many steps without returning to Python.

        Parameters
        ----------
        policies : str or sequence of str
            For each agent, or for all: "constant_000" ... "constant_100", "tit_for_tat", "random", or "actions"
            for what `actions` says. By default all play `actions`, or "tit_for_tat" where there are none.
        steps : int, optional
            Number of steps; the horizon by default.
        actions : ndarray (steps, B, N) or (steps, N), optional
            Script of the agents whose policy is "actions"; with a last axis of 2 where an action has two numbers. The
            other policies speak of a rate, and play an intensity of 0.
        record : bool
            Whether to return every step's payoffs, utilities and rewards.
        seed : int, optional
            Seed of the "random" policy, whose copy k and agent i draw the stream of (seed + k, i).

        Notes
        -----
        Starts from the current state (`reset` first). With autoreset disabled, a copy that ends stays as it
        is and pays zero from then on; otherwise it starts over.
        """
        if not self._is_reset:
            raise RuntimeError("call reset() before rollout()")
        if self.stochastic and self.autoreset != "disabled":
            raise ValueError(f"{self.game.id} draws random numbers at each restart: use autoreset='disabled'")
        return rollouts.play(self, policies, steps, actions, checks.flag("record", record), checks.seed("seed", seed))

    def evaluate(self, levels: Any, state: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Payoffs and utilities of the stage game at many action profiles; the batch's state is overwritten.

        Parameters
        ----------
        levels : array_like (B, N)
            Cooperation levels a_i, whatever the batch's action scale; clipped to [0, e_i], as actions are. (B, N, 2),
            with intensities in [0, 1] where an action has two numbers.
        state : ndarray (rows,), optional
            From `Game.state_vector`; the initial state by default.

        Returns
        -------
        payoffs, utilities : ndarray (B, N)
            Of the one step from that state, state update included, as the environment would pay them.

        Raises
        ------
        ValueError
            Wrong shapes; a state that is not finite; hands that tremble, since one draw of them is no payoff.
        """
        game = self.game
        if game.parameters.tremble > 0.0:
            raise ValueError(
                f"{game.id} is played with tremble = {game.parameters.tremble:g}: an evaluation would pay one draw; "
                "build the batch with tremble=0"
            )
        given = checks.numbers_in("levels", levels)
        if given.shape != self.actions.shape:
            raise ValueError(f"levels have shape {given.shape}, expected {self.actions.shape}")
        np.divide(given, self._of_copies("action_units"), out=self.actions)
        if game.action_scale != "unit":
            self.actions *= self.action_high - self.action_low
            self.actions += self.action_low
        if self._evaluation is None:
            self._evaluation = self._describe_evaluation()
        address, start, _ = self._evaluation
        wanted = self.memory.initial if state is None else checks.numbers_in("state", state)
        if wanted.shape not in (start.shape, start.shape[-1:]):
            raise ValueError(f"state has shape {wanted.shape}, expected {start.shape[-1:]}: see Game.state_vector")
        start[...] = wanted
        if not np.isfinite(start).all():
            raise ValueError(
                f"{game.id} draws {', '.join(game.drawn)} at each reset: an evaluation needs a state with it, such as "
                f"game.state_vector({{{game.drawn[0]!r}: ...}})"
                if game.drawn
                else f"the state of {game.id} to evaluate from is not finite"
            )
        refused = self._kernel(address)
        if refused:
            raise self.refusal(refused, given)
        return self.payoffs, self.utilities

    def _describe_evaluation(self) -> tuple[int, np.ndarray, np.ndarray]:
        """Address of a descriptor for `evaluate`, the state from which it plays, and the descriptor itself."""
        start = self.memory.initial.copy()
        d = self.memory.descriptor.copy()
        d[Descriptor.OPERATION] = Operation.EVALUATE
        d[Descriptor.AUTORESET] = Autoreset.DISABLED
        d[Descriptor.INITIAL] = start.ctypes.data
        for place in (Descriptor.OBSERVATIONS, Descriptor.JOINT, Descriptor.JOINT_REWARDS, Descriptor.TERMINATED):
            d[place] = 0
        return d.ctypes.data, start, d
