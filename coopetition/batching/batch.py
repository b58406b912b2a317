"""B copies of a game, stepped by one kernel call: buffers, reset, step, autoreset, snapshot and rollout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopetition.batching.streams import RateStreams
from coopetition.games import checks
from coopetition.games.game import OUTCOMES, Game
from coopetition.games.parameters import choose
from coopetition.kernels.machine import places

AUTORESETS = {"disabled": places.DISABLED, "next_step": places.NEXT_STEP, "same_step": places.SAME_STEP}
#: State and scratch of one chunk should fit half of a second-level cache; more than 128 lanes gain nothing.
CHUNK_BYTES = 256 * 1024
MOST_LANES = 128
#: Lanes come in multiples of the widest vector's.
WHOLE = 8
CACHE_LINE = 64
#: How many draws each copy makes at a time: of observation noise, and of what an episode starts with.
NOISE_BLOCK = 64
GAMMA_BLOCK = 32


def aligned_zeros(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros that start on a cache line: a vector of 64 bytes that straddles two of them costs twice as much."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    block = np.zeros(size + CACHE_LINE, dtype=np.uint8)
    start = -block.ctypes.data % CACHE_LINE
    return block[start : start + size].view(dtype).reshape(shape)


@dataclass(frozen=True)
class Snapshot:
    """The whole state of a batch: state rows, and the random streams where the game has any."""

    state: np.ndarray
    random: tuple[Any, ...]


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
        Caller-owned, C-contiguous memory for any of the arrays below, such as shared memory.

    Attributes
    ----------
    actions : ndarray (B, N) float64
        Where actions are read: who writes them here, and steps with this very array, saves a copy.
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
    """

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
    ) -> None:
        self.game = game
        self.num_envs = checks.count("num_envs", num_envs)
        self.threads = checks.count("threads", threads)
        self.autoreset = choose("autoreset", autoreset, AUTORESETS)
        self.strict_actions = checks.flag("strict_actions", strict_actions)
        self._buffers = dict(buffers or {})
        self._allocate(checks.flag("observe", observe), checks.flag("observe_joint", observe_joint))
        if self._buffers:
            raise ValueError(f"unknown buffers: {', '.join(sorted(self._buffers))}")
        self._rngs: list[np.random.Generator] = []
        self._seeds: list[int | None] = [None] * self.num_envs
        self._is_reset = False

    # --- memory

    def _allocate(self, observe: bool, observe_joint: bool) -> None:
        game, copies, n = self.game, self.num_envs, self.game.n
        scratch_rows = places.work_rows(n, game.reciprocal)
        fitting = CHUNK_BYTES // (8 * (game.state_rows + scratch_rows))
        # Whole vectors: rows stay aligned, and lanes without a copy cost less than scalar code for the last ones.
        whole = copies + -copies % WHOLE if copies > 1 else 1
        self.lanes = min(whole, MOST_LANES, max(WHOLE, fitting - fitting % WHOLE))
        self.chunks = -(-copies // self.lanes)
        self._state = aligned_zeros((self.chunks, game.state_rows, self.lanes), np.float64)
        self._state[:] = game.initial_state[:, np.newaxis]
        self._work = aligned_zeros((self.threads, scratch_rows + game.state_rows, self.lanes), np.float64)
        self.actions = self._buffer("actions", (copies, n), np.float64)
        own = observe or None
        joint = observe_joint or None
        same_step = self.autoreset == "same_step" or None
        self.observations = self._buffer("observations", (copies, n, game.observation_size), np.float32, own)
        self.joint = self._buffer("joint", (copies, game.joint_size), np.float32, joint)
        self.rewards = self._buffer("rewards", (copies, n), np.float32)
        self.joint_rewards = self._buffer("joint_rewards", (copies,), np.float32, joint)
        self.payoffs = self._buffer("payoffs", (copies, n), np.float64)
        self.utilities = self._buffer("utilities", (copies, n), np.float64)
        self.terminated = self._buffer("terminated", (copies,), np.bool_)
        self.truncated = self._buffer("truncated", (copies,), np.bool_)
        self.final_observations = self._buffer(
            "final_observations", (copies, n, game.observation_size), np.float32, own and same_step
        )
        self.final_joint = self._buffer("final_joint", (copies, game.joint_size), np.float32, joint and same_step)
        self._mask = np.zeros(copies, dtype=np.bool_)
        self._next_gamma = np.zeros(copies)
        noisy = game.noise_places.size if observe else 0
        self._noise = np.zeros((2, copies, noisy))
        self._stochastic = game.random_gamma or noisy > 0
        self._initial = game.initial_state.copy()
        self._describe(noisy)

    def _buffer(self, name: str, shape: tuple[int, ...], dtype: Any, wanted: bool | None = True) -> Any:
        given = self._buffers.pop(name, None)
        if given is None:
            return aligned_zeros(shape, dtype) if wanted else np.zeros((0, *shape[1:]), dtype=dtype)
        fits = isinstance(given, np.ndarray) and given.shape == shape and given.dtype == dtype
        if not fits or not given.flags.c_contiguous or not given.flags.writeable:
            raise ValueError(
                f"buffer {name!r} must be a writeable C-contiguous {np.dtype(dtype)} array of shape {shape}"
            )
        return given

    def _describe(self, noisy: int) -> None:
        game = self.game
        d = np.zeros(places.DESCRIPTOR_SIZE, dtype=np.int64)
        d[places.AGENTS] = game.n
        d[places.LANES] = self.lanes
        d[places.COPIES] = self.num_envs
        d[places.STATE_ROWS] = game.state_rows
        d[places.WORK_ROWS] = places.work_rows(game.n, game.reciprocal)
        d[places.STEPS] = 1
        d[places.AUTORESET] = AUTORESETS[self.autoreset]
        d[places.STRICT] = self.strict_actions
        d[places.OBSERVATION_COLUMNS] = game.n * game.observation_size
        d[places.JOINT_COLUMNS] = game.joint_size
        d[places.NOISE_COLUMNS] = noisy
        d[places.RANDOM_GAMMA] = game.random_gamma
        d[places.WORKERS] = self.threads
        arrays = {
            places.AT: game.at,
            places.PARAMETERS: game.parameter_block,
            places.INITIAL: self._initial,
            places.STATE: self._state,
            places.WORK: self._work,
            places.ACTIONS: self.actions,
            places.OBSERVATIONS: self.observations,
            places.JOINT: self.joint,
            places.REWARDS: self.rewards,
            places.JOINT_REWARDS: self.joint_rewards,
            places.PAYOFFS: self.payoffs,
            places.UTILITIES: self.utilities,
            places.TERMINATED: self.terminated,
            places.TRUNCATED: self.truncated,
            places.FINAL_OBSERVATIONS: self.final_observations,
            places.FINAL_JOINT: self.final_joint,
            places.RESET_MASK: self._mask,
            places.NEXT_GAMMA: self._next_gamma,
            places.NOISE: self._noise,
            places.OBSERVATION_ROWS: game.observation_rows,
            places.OBSERVATION_SCALES: game.observation_scales,
            places.JOINT_ROWS: game.joint_rows,
            places.JOINT_SCALES: game.joint_scales,
            places.NOISE_PLACES: game.noise_places,
        }
        for place, array in arrays.items():
            d[place] = array.ctypes.data if array.size else 0
        from coopetition.kernels.machine import driver as driver

        stages = np.array([part.address() for part in self._stages()], dtype=np.int64)
        arrays[places.STAGES] = stages
        d[places.STAGES], d[places.STAGE_COUNT] = stages.ctypes.data, stages.size
        d[places.PREPARE] = driver.prepare.address()
        d[places.SHOW] = driver.show.address()
        d[places.BLUR] = driver.blur.address() if noisy else 0
        # The addresses in the descriptor are only good as long as these arrays live.
        self._described = arrays
        self._descriptor = d
        self._address = d.ctypes.data
        self._evaluation: tuple[int, np.ndarray, np.ndarray] | None = None
        self._kernel = driver.kernel(self.threads)

    def _stages(self) -> list[Any]:
        """The stages of one step: the game's own between those of the driver."""
        from coopetition.kernels.machine import driver as driver

        parts = [driver.begin, *self.game.parameters.stages(), driver.account]
        if self.autoreset == "same_step":
            return [*parts, driver.write_outcomes, driver.show, driver.restart_ended]
        return [*parts, driver.hold, driver.write_outcomes, driver.show]

    def __getstate__(self) -> dict[str, Any]:
        """Everything but addresses and compiled code."""
        return {
            key: value
            for key, value in self.__dict__.items()
            if key not in ("_address", "_descriptor", "_described", "_evaluation", "_kernel")
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._describe(self._noise.shape[2])

    def _run(self, operation: int) -> None:
        d = self._descriptor
        d[places.OPERATION] = operation
        if operation != places.STEP:
            actions = d[places.ACTIONS]
            d[places.ACTIONS] = 0
            self._kernel(self._address)
            d[places.ACTIONS] = actions
            d[places.OPERATION] = places.STEP
        else:
            refused = self._kernel(self._address)
            if refused:
                raise self._refusal(refused, self.actions)

    def _refusal(self, code: int, actions: np.ndarray) -> ValueError:
        index = abs(code) - 1
        agent = self.game.agents[index % self.game.n]
        value = float(actions.reshape(-1)[index])
        copy = index // self.game.n % self.num_envs
        where = f" of copy {copy}" if self.num_envs > 1 else ""
        if code > 0:
            return ValueError(f"action {value} of agent {agent!r}{where} is not finite; the state is unchanged")
        low = self.game.action_low[index % self.game.n]
        high = self.game.action_high[index % self.game.n]
        return ValueError(
            f"action {value:g} of agent {agent!r}{where} is out of bounds [{low:g}, {high:g}] "
            "(strict_actions=True); the state is unchanged"
        )

    # --- randomness: drawn here, per copy, and passed in

    def _seed(self, seed: int | Sequence[int | None] | None, copies: np.ndarray) -> None:
        seed = checks.seeds("seed", seed, copies.size)
        if not self._stochastic:
            return
        seeds = seed if isinstance(seed, list) else [None if seed is None else seed + int(copy) for copy in copies]
        if not self._rngs:
            self._rngs = [np.random.default_rng() for _ in range(self.num_envs)]
            self._noise_block = np.zeros((self.num_envs, NOISE_BLOCK, self._noise.shape[2]))
            self._noise_cursor = np.full(self.num_envs, NOISE_BLOCK)
            self._gamma_block = np.zeros((self.num_envs, GAMMA_BLOCK))
            self._gamma_cursor = np.full(self.num_envs, GAMMA_BLOCK)
            self._draw_gamma(np.arange(self.num_envs))
        for copy, own_seed in zip(copies, seeds, strict=True):
            if own_seed is not None:
                self._start_stream(copy, np.random.default_rng(own_seed))

    def use_generator(self, copy: int, generator: np.random.Generator) -> None:
        """Let one copy draw from a generator that the caller owns, such as Gymnasium's ``np_random``."""
        if self._stochastic:
            self._seed(None, np.arange(0))
            self._start_stream(copy, generator)

    def _start_stream(self, copy: int, generator: np.random.Generator) -> None:
        self._rngs[copy] = generator
        self._noise_cursor[copy] = NOISE_BLOCK
        self._gamma_cursor[copy] = GAMMA_BLOCK
        # The next gamma is always drawn ahead, so only a new stream draws one here: an episode that is reset by hand
        # and one that is reset by the kernel read the same numbers.
        self._draw_gamma(np.array([copy]))

    def _draw_gamma(self, copies: np.ndarray) -> None:
        """Put these copies' next gammas where the kernel finds them when it restarts one."""
        if not self.game.random_gamma:
            return
        low, high = self.game.parameters.gamma_range  # type: ignore[attr-defined]
        for copy in copies[self._gamma_cursor[copies] == GAMMA_BLOCK]:
            self._gamma_block[copy] = self._rngs[copy].uniform(low, high, size=GAMMA_BLOCK)
            self._gamma_cursor[copy] = 0
        self._next_gamma[copies] = self._gamma_block[copies, self._gamma_cursor[copies]]
        self._gamma_cursor[copies] += 1

    def _draw_noise(self, copies: np.ndarray, draws: int) -> None:
        """Fill the first `draws` noise rows of these copies from their blocks, without using them up."""
        for copy in copies[self._noise_cursor[copies] > NOISE_BLOCK - 2]:
            kept = self._noise_block[copy, self._noise_cursor[copy] :].copy()
            drawn = self._rngs[copy].standard_normal((NOISE_BLOCK - len(kept), self._noise.shape[2]))
            self._noise_block[copy] = np.concatenate([kept, drawn])
            self._noise_cursor[copy] = 0
        for draw in range(draws):
            self._noise[draw, copies] = self._noise_block[copies, self._noise_cursor[copies] + draw]

    # --- the interface

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
        checks.seeds("seed", seed, self.num_envs if mask is None else int(np.count_nonzero(mask)))
        values = {name: self.game.checked_state(name, value) for name, value in (options or {}).items()}
        if mask is None:
            self._mask[:] = True
        else:
            mask = np.asarray(mask)
            if mask.shape != (self.num_envs,) or mask.dtype != np.bool_:
                raise ValueError(f"mask must be boolean of shape ({self.num_envs},)")
            if not self._is_reset and not mask.all():
                raise ValueError("the first reset must reset every copy")
            self._mask[:] = mask
        copies = np.flatnonzero(self._mask)
        self._seed(seed, copies)
        if self._noise.size:
            self._draw_noise(copies, 1)
            self._noise_cursor[copies] += 1
        self._run(places.RESET)
        if self.game.random_gamma:
            self._draw_gamma(copies)
        self._is_reset = True
        self.terminated[copies] = False
        self.truncated[copies] = False
        if values:
            state = self._rows()
            for name, value in values.items():
                state[self.game.layout[name].rows, copies] = value.reshape(-1, 1)
            self._write_rows(state)
            self._run(places.OBSERVE)
        return self.observations

    def step(self, actions: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Play one step in every copy.

        Parameters
        ----------
        actions : array_like (B, N)
            Rates, levels or symmetric actions, by the game's action scale. `actions` itself is not copied.

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
            plain = type(actions) is np.ndarray and actions.dtype.kind == "f"
            given = actions if plain else checks.reals("actions", actions)
            if given.shape != own.shape:
                raise ValueError(f"actions have shape {given.shape}, expected {own.shape}")
            own[...] = given
        if self._stochastic:
            self._step_with_draws()
        else:
            refused = self._kernel(self._address)
            if refused:
                raise self._refusal(refused, own)
        return self.observations, self.rewards, self.terminated, self.truncated

    def _step_with_draws(self) -> None:
        waiting = self.terminated | self.truncated
        if self._noise.size:
            self._draw_noise(np.arange(self.num_envs), 2)
        self._run(places.STEP)
        if self._noise.size:
            self._noise_cursor += 1
            if self.autoreset == "same_step":
                self._noise_cursor[self.terminated | self.truncated] += 1
        if self.game.random_gamma and self.autoreset != "disabled":
            restarted = waiting if self.autoreset == "next_step" else self.terminated | self.truncated
            self._draw_gamma(np.flatnonzero(restarted))

    def _rows(self) -> np.ndarray:
        """State rows by copy, (rows, B): a copy of the state."""
        rows = self._state.transpose(1, 0, 2).reshape(self.game.state_rows, -1)
        return rows[:, : self.num_envs].copy()

    def _write_rows(self, rows: np.ndarray) -> None:
        padded = np.empty((self.game.state_rows, self.chunks * self.lanes))
        padded[:, : self.num_envs] = rows
        padded[:, self.num_envs :] = rows[:, -1:]
        self._state[:] = padded.reshape(self.game.state_rows, self.chunks, self.lanes).transpose(1, 0, 2)

    def state(self) -> dict[str, np.ndarray]:
        """The state by name, copies first: ``trust`` (B, N, N), ``loyalty`` (B, N), ``time`` (B,) and so on."""
        named = self.game.read_state(self._rows())
        return {name: np.ascontiguousarray(np.moveaxis(value, -1, 0)) for name, value in named.items()}

    def read(self, name: str, copies: np.ndarray | None = None) -> np.ndarray:
        """One named part of the state of some copies, by index, or of all: a copy, (K, ...)."""
        field = self.game.layout[name]
        if copies is None:
            copies = np.arange(self.num_envs)
        chunks, lanes = np.divmod(copies, self.lanes)
        return self._state[chunks, field.rows, lanes].reshape(-1, *field.shape)

    def set_state(self, state: dict[str, Any]) -> None:
        """Set named parts of every copy's state, (B, ...) or one value for all, and rewrite the views."""
        rows = self._rows()
        for name, value in state.items():
            field = self.game.layout.get(name)
            array = np.asarray(value, dtype=np.float64)
            if field is not None and array.shape == (self.num_envs, *field.shape):
                checked = np.stack([self.game.checked_state(name, one) for one in array])
                rows[field.rows] = checked.reshape(self.num_envs, -1).T
            else:
                rows[self.game.layout[self.game._settable(name)].rows] = self.game.checked_state(name, value).reshape(
                    -1, 1
                )
        self._write_rows(rows)
        self._is_reset = True
        self._run(places.OBSERVE)

    def outcomes(self) -> list[str]:
        """Each copy's outcome so far: "", "collapsed", "recovered" or "dissolved"."""
        return [OUTCOMES[int(code)] for code in self._rows()[self.game.layout["outcome"].first]]

    def snapshot(self) -> Snapshot:
        """A copy of the whole state, random streams included."""
        random: tuple[Any, ...] = ()
        if self._stochastic and self._rngs:
            random = (
                [rng.bit_generator.state for rng in self._rngs],
                self._next_gamma.copy(),
                self._noise.copy(),
                self._noise_block.copy(),
                self._noise_cursor.copy(),
                self._gamma_block.copy(),
                self._gamma_cursor.copy(),
            )
        views = (self.terminated.copy(), self.truncated.copy())
        return Snapshot(self._state.copy(), (*views, *random))

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this batch, or of one of the same game and size; views are rewritten."""
        if snapshot.state.shape != self._state.shape or snapshot.random[0].shape != self.terminated.shape:
            raise ValueError("the snapshot is of another game or number of copies")
        self._state[...] = snapshot.state
        self.terminated[...], self.truncated[...] = snapshot.random[:2]
        if len(snapshot.random) > 2:
            self._seed(None, np.arange(0))
            states, gamma, noise, *drawn = snapshot.random[2:]
            for rng, state in zip(self._rngs, states, strict=True):
                rng.bit_generator.state = state
            self._next_gamma[...], self._noise[...] = gamma, noise
            self._noise_block[...], self._noise_cursor[...] = drawn[:2]
            self._gamma_block[...], self._gamma_cursor[...] = drawn[2:]
        self._is_reset = True
        self._run(places.OBSERVE)

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
            Script of the agents whose policy is "actions".
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
        if self._stochastic and self.autoreset != "disabled":
            raise ValueError(f"{self.game.id} draws random numbers at each restart: use autoreset='disabled'")
        game, n, copies = self.game, self.game.n, self.num_envs
        steps = game.horizon if steps is None else checks.count("steps", steps)
        if policies is None:
            policies = "tit_for_tat" if actions is None else "actions"
        names = [policies] * n if isinstance(policies, str) else list(policies)
        if len(names) != n:
            raise ValueError(f"{len(names)} policies for {n} agents")
        codes = np.zeros(n, dtype=np.int64)
        constants = np.zeros(n)
        for i, name in enumerate(names):
            codes[i], constants[i] = compiled_policy(name)
        script = np.zeros(0)
        drawn = [i for i, name in enumerate(names) if name == "random"]
        if (codes == places.EXTERNAL).any():
            script = np.zeros((steps, copies, n))
            if actions is not None:
                given = checks.reals("actions", actions)
                given = given[:, np.newaxis] if given.ndim == 2 else given
                if given.shape not in ((steps, copies, n), (steps, 1, n)):
                    raise ValueError(f"actions have shape {given.shape}, expected {(steps, copies, n)}")
                script[:] = given
            elif any(name == "actions" for name in names):
                raise ValueError("the policy 'actions' needs the argument actions")
            if drawn:
                rates = np.stack([RateStreams(seed, copies, i).draws(steps) for i in drawn], axis=-1)
                low, high = game.action_low[drawn], game.action_high[drawn]
                script[..., drawn] = low + rates * (high - low)
        kept: dict[str, np.ndarray] = {}
        d = self._descriptor.copy()
        d[places.OPERATION] = places.STEP
        d[places.STEPS] = steps
        if codes.any():
            from coopetition.kernels.machine.driver import play

            d[places.POLICIES] = codes.ctypes.data
            d[places.PLAY] = play.address()
        d[places.POLICY_RATES] = constants.ctypes.data
        d[places.ACTIONS] = script.ctypes.data if script.size else 0
        for place in (places.OBSERVATIONS, places.JOINT, places.JOINT_REWARDS):
            d[place] = 0
        ends = {"terminated": places.TERMINATED, "truncated": places.TRUNCATED}
        outputs = {
            "payoffs": (places.PAYOFFS, np.float64),
            "utilities": (places.UTILITIES, np.float64),
            "rewards": (places.REWARDS, np.float32),
        }
        for name, (place, dtype) in outputs.items():
            if record:
                kept[name] = np.zeros((steps, copies, n), dtype=dtype)
            d[place] = kept[name].ctypes.data if record else 0
        flags = np.zeros((2, steps if record else 1, copies), dtype=np.bool_)
        for flag, place in zip(flags, ends.values(), strict=True):
            d[place] = flag.ctypes.data
        d[places.RECORD] = record
        refused = self._kernel(d.ctypes.data)
        if refused:
            raise self._refusal(refused, script)
        self.terminated[:], self.truncated[:] = flags[:, -1]
        self._run(places.OBSERVE)
        layout, rows = game.layout, self._rows()
        return Rollout(
            returns=np.ascontiguousarray(rows[layout["reward_total"].rows].T),
            payoff_totals=np.ascontiguousarray(rows[layout["payoff_total"].rows].T),
            lengths=rows[layout["time"].first].astype(np.int64),
            terminated=self.terminated.copy(),
            truncated=self.truncated.copy(),
            **kept,
        )

    def evaluate(self, levels: Any, state: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Payoffs and utilities of the stage game at many action profiles; the batch's state is overwritten.

        Parameters
        ----------
        levels : array_like (B, N)
            Cooperation levels a_i, whatever the batch's action scale.
        state : ndarray (rows,), optional
            From `Game.state_vector`; the initial state by default.

        Returns
        -------
        payoffs, utilities : ndarray (B, N)
            Of the one step from that state, state update included, as the environment would pay them.
        """
        game = self.game
        given = np.asarray(levels, dtype=np.float64)
        if given.shape != self.actions.shape:
            raise ValueError(f"levels have shape {given.shape}, expected {self.actions.shape}")
        np.divide(given, game.endowment, out=self.actions)
        if game.action_scale != "unit":
            self.actions *= game.action_high - game.action_low
            self.actions += game.action_low
        if self._evaluation is None:
            self._evaluation = self._describe_evaluation()
        address, start, _ = self._evaluation
        start[...] = game.initial_state if state is None else state
        refused = self._kernel(address)
        if refused:
            raise self._refusal(refused, given)
        return self.payoffs, self.utilities

    def _describe_evaluation(self) -> tuple[int, np.ndarray, np.ndarray]:
        """Address of a descriptor for `evaluate`, the state from which it plays, and the descriptor itself."""
        start = self.game.initial_state.copy()
        d = self._descriptor.copy()
        d[places.OPERATION] = places.EVALUATE
        d[places.AUTORESET] = places.DISABLED
        d[places.INITIAL] = start.ctypes.data
        for place in (places.OBSERVATIONS, places.JOINT, places.JOINT_REWARDS, places.TERMINATED):
            d[place] = 0
        return d.ctypes.data, start, d


def compiled_policy(name: str) -> tuple[int, float]:
    """Code and rate of a policy that the kernel plays."""
    if name in ("actions", "random"):
        return places.EXTERNAL, 0.0
    if name == "tit_for_tat":
        return places.TIT_FOR_TAT, 0.0
    prefix, _, percent = str(name).partition("_")
    if prefix == "constant" and percent.isdigit() and len(percent) == 3 and int(percent) <= 100:
        return places.CONSTANT, int(percent) / 100.0
    raise ValueError(
        f"no compiled policy {name!r}; allowed: 'constant_000' ... 'constant_100', 'tit_for_tat', 'random', 'actions'"
    )
