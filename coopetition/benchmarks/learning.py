"""What learning costs: a population of IPPO beside its multiplications alone and beside Stable-Baselines3's PPO.

All figures are processor time once compiled; compiling is a row of its own. The *floor* is what the networks' matrix
products alone take, measured in turns with the rest: of every network, forward and backward for every minibatch of
every epoch, forward once for all samples (values and log-probabilities), and the actors' forward pass at every step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from coopetition.benchmarks import from_memory
from coopetition.benchmarks.report import Row
from coopetition.benchmarks.timing import Case, Effort, interleaved

SECTION = "Learning"
GAME = "TrustDilemma-v0"
MODES = ("private", "integrated", "cooperative")
SEEDS = 7
#: Environment steps of a run that the row about a run speaks of.
STEPS = 200_000
HIDDEN = (32, 32)
#: The batch of 400 and the 4 epochs at which both libraries are compared, and the rest of the rollout.
COMPARED = {"copies": 32, "length": 50, "epochs": 4, "minibatches": 4}
BATCH, PEER_COPIES = 400, 16


class Population:
    """A population that is trained for as long as it is asked to be, an iteration at a time.

    Parameters
    ----------
    environment : str
    seeds : int
    modes : tuple of str
    settings : dict
        The algorithm's.
    algorithm : str
    """

    def __init__(
        self, environment: str, seeds: int, modes: tuple[str, ...], settings: dict[str, Any], algorithm: str = "IPPO"
    ) -> None:
        from coopetition.baselines.learning.training import Training
        from coopetition.baselines.learning.xla import jax

        self.jax = jax
        started = time.process_time()
        self.training = Training(environment, algorithm, list(modes), 1, seeds, {"hidden": HIDDEN, **settings})
        self.state, self.collector = self.training.init(), self.training.collector()
        self.collector.reset()
        self.learner, self.act, self.update = self.training.programs(0)
        self.done = 0
        self.iterate(1)
        self.first_seconds = time.process_time() - started
        self.steps = self.training.per_iteration * len(self.training.runs)

    def iterate(self, count: int) -> None:
        """So many trajectories and updates of the whole population."""
        for _ in range(count):
            spent = {"collect": 0.0, "update": 0.0}
            self.state, _ = self.training._iterate(self.state, self.collector, self.done, spent)
            self.done += 1

    def improve(self, count: int) -> None:
        """Updates alone, on the trajectory that lies there."""
        training = self.training
        for _ in range(count):
            number = np.uint32(self.done)
            self.state, _ = self.update(
                self.state, self.collector._data, training.keys, training.values, number, np.float32(np.inf)
            )
            self.jax.block_until_ready(self.state)
            self.done += 1

    def play(self, count: int) -> None:
        """Trajectories alone."""
        training, acting = self.training, self.learner.acting(self.state)

        def act(seen: np.ndarray, step: int) -> Any:
            return self.act(acting, seen, training.keys, training.values, np.uint32(self.done), np.uint32(step))

        for _ in range(count):
            self.collector.collect(act)
            self.done += 1

    def play_without_networks(self, count: int) -> None:
        """Trajectories of draws made before: environments and copying."""
        latents, rates = self.collector._data.latents.copy(), self.collector._data.rates.copy()
        for _ in range(count):
            self.collector.collect(lambda seen, step: (latents[step], rates[step]))  # noqa: ARG005

    def step_environments(self, count: int) -> None:
        """A trajectory's steps of the environments, and nothing else."""
        for _ in range(count * self.collector.length):
            for batch in self.collector.batches:
                batch.step(batch.actions)

    def multiplications(self) -> Callable[[int], None]:
        """The floor of an iteration, as a case's run."""
        jax, task, settings = self.jax, self.training.task, self.training.settings
        networks = len(self.training.runs) * task.networks
        rng = np.random.default_rng(0)
        samples = settings.copies * settings.length
        actor = (task.input_size, *settings.hidden, task.action_size)
        critic = (task.input_size, *settings.hidden, 1)

        def numbers(*shape: int) -> Any:
            return jax.numpy.asarray(rng.standard_normal(shape), dtype=jax.numpy.float32)

        def operands(sizes: tuple[int, ...], rows: int) -> tuple[Any, Any, Any]:
            weights = [numbers(networks, a, b) for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
            inputs = [numbers(networks, rows, size) for size in sizes[:-1]]
            slopes = [numbers(networks, rows, size) for size in sizes[1:]]
            return weights, inputs, slopes

        @jax.jit
        def forward(weights: Any, inputs: Any) -> Any:
            return [x @ w for x, w in zip(inputs, weights, strict=True)]

        @jax.jit
        def both(weights: Any, inputs: Any, slopes: Any) -> Any:
            ahead = [x @ w for x, w in zip(inputs, weights, strict=True)]
            of_weights = [x.swapaxes(1, 2) @ g for x, g in zip(inputs, slopes, strict=True)]
            of_inputs = [g @ w.swapaxes(1, 2) for g, w in zip(slopes[1:], weights[1:], strict=True)]
            return ahead, of_weights, of_inputs

        small = [operands(sizes, samples // settings.minibatches) for sizes in (actor, critic)]
        large = [operands(sizes, samples)[:2] for sizes in (actor, critic)]
        acting = operands(actor, settings.copies)[:2]

        def run(count: int) -> None:
            for _ in range(count):
                for _ in range(settings.length):
                    jax.block_until_ready(forward(*acting))
                jax.block_until_ready([forward(*part) for part in large])
                for _ in range(settings.epochs * settings.minibatches):
                    jax.block_until_ready([both(*part) for part in small])

        return run

    @property
    def megabytes(self) -> tuple[float, float]:
        """Of its networks, optimisers and scales; of its environments and a trajectory."""
        state = sum(leaf.nbytes for leaf in self.jax.tree.leaves(self.state))
        return state / 1e6, self.collector.nbytes / 1e6


def peer(environment: str) -> tuple[Callable[[int], None], float] | None:
    """Stable-Baselines3's PPO, joint control of the same game, and the environment steps of one count; None without it.

    Networks, batch, epochs, steps an update, learning rate, discount and trace are those that ours has; its sixteen
    copies stand in one process, as its documentation advises for cheap environments.
    """
    try:
        import torch
        from stable_baselines3 import PPO
        from stable_baselines3.common.env_util import make_vec_env
    except ImportError:
        return None
    torch.set_num_threads(1)
    options = {"reward_mode": "integrated", "action_scale": "symmetric"}
    envs = make_vec_env(f"coopetition:coopetition/{environment}", n_envs=PEER_COPIES, seed=0, env_kwargs=options)
    steps = COMPARED["copies"] * COMPARED["length"]
    model = PPO(
        "MlpPolicy", envs, n_steps=steps // PEER_COPIES, batch_size=BATCH, n_epochs=COMPARED["epochs"],
        learning_rate=3e-3, gamma=0.95, gae_lambda=0.9, policy_kwargs={"net_arch": list(HIDDEN)}, seed=0, device="cpu",
    )  # fmt: skip

    def run(count: int) -> None:
        model.learn(count * steps, reset_num_timesteps=False)

    return run, float(steps)


def rows(effort: Effort) -> list[Row]:
    """All rows about learning."""
    try:
        import jax  # noqa: F401
    except ImportError:
        what = f"IPPO on {GAME}, {STEPS:,} steps"
        return [Row("learn.run", SECTION, what, "s", None, note="the extra `learn` is not installed")]
    ours = Population(GAME, SEEDS, MODES, {})
    compared = Population(GAME, SEEDS, MODES, dict(COMPARED))
    cases = [
        Case("iteration", ours.iterate, ours.steps),
        Case("floor", ours.multiplications(), ours.steps),
        Case("updating", ours.improve, ours.steps),
        Case("collecting", ours.play, ours.steps),
        Case("without networks", ours.play_without_networks, ours.steps),
        Case("environments", ours.step_environments, ours.steps),
        Case("compared", compared.iterate, compared.steps),
    ]
    other = peer(GAME)
    if other is not None:
        cases.append(Case("peer", *other))
    times = interleaved(cases, effort)
    found = [*_run_rows(ours, times), _peer_row(times), *_profile_rows(ours, times)]
    return [*found, *from_memory.rows(effort, Population, SEEDS, MODES)]


def _run_rows(ours: Population, times: dict[str, Any]) -> list[Row]:
    runs = len(ours.training.runs)
    whole, floor = times["iteration"], times["floor"]
    above = 1.0 / whole.faster_than(floor)
    what = f"IPPO on {GAME}, {STEPS:,} steps, two agents, {HIDDEN[0]} x {HIDDEN[1]}, population of {runs}: a run"
    return [
        Row(
            "learn.run", SECTION, what, "s", STEPS * whole.median, reference_name="its floor",
            reference=STEPS * floor.median, ratio=whole.faster_than(floor),
            note=f"{above:.2f} times its floor; {whole.rate:,.0f} environment steps a second",
        ),
        Row(
            "learn.floor", SECTION, "the same over its floor, the networks' multiplications alone", "times", above,
            goal=1.5, at_least=False,
        ),
        Row("learn.compile", SECTION, "the same: to its first update, programs compiled or read", "s",
            ours.first_seconds),
    ]  # fmt: skip


def _peer_row(times: dict[str, Any]) -> Row:
    ours = times["compared"]
    what = f"IPPO on {GAME}, batch of {BATCH}, {COMPARED['epochs']} epochs"
    about: dict[str, Any] = {"goal": 8.0, "judged": "ratio", "reference_name": "Stable-Baselines3's PPO, joint control"}
    if "peer" not in times:
        return Row("learn.peer", SECTION, what, "steps/s", ours.rate, **about, note="it is not installed")
    theirs = times["peer"]
    ratio = ours.faster_than(theirs)
    note = f"environment steps learnt a second; in agent steps {2 * ratio:.1f} x (goal 16), each agent its own networks"
    return Row(
        "learn.peer", SECTION, what, "steps/s", ours.rate, **about, reference=theirs.rate, ratio=ratio, note=note
    )


def _profile_rows(ours: Population, times: dict[str, Any]) -> list[Row]:
    seconds = {name: found.median for name, found in times.items()}
    parts = {
        "updating": ("updating the networks", seconds["updating"]),
        "acting": ("collecting: the actors", seconds["collecting"] - seconds["without networks"]),
        "environments": ("collecting: the environments", seconds["environments"]),
        "copying": (
            "collecting: copying, and counting episodes",
            seconds["without networks"] - seconds["environments"],
        ),
    }
    found = [
        Row(f"learn.share.{key}", SECTION, f"of that, {what}", "%", 100.0 * part / seconds["iteration"])
        for key, (what, part) in parts.items()
    ]
    networks, host = ours.megabytes
    what = f"memory of a population of {len(ours.training.runs)}"
    note = f"networks, optimisers and scales {networks:.1f} MB; environments and a trajectory {host:.1f} MB"
    return [*found, Row("learn.memory", SECTION, what, "MB", networks + host, note=note)]
