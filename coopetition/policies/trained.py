"""Trained policies: small networks in a file, played with NumPy.

A file holds one network for each agent that learnt, or one for all of them (``share_parameters``), as arrays
``layers/k/weight`` (G, inputs, outputs) and ``layers/k/bias`` (G, outputs), G networks; and what it was trained on, in
JSON. It is a policy wherever a policy is named: ``--policy FILE``, ``partners="FILE"``, `make_policy`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coopetition.games.game import Game
from coopetition.policies.policy import Classifier, Policy
from coopetition.policies.tensors import BrokenFile, read_tensors, write_tensors

FORMAT = "coopetition-policy-1"
SUFFIX = ".safetensors"
#: How the last layer's outputs become a rate: squashed Gaussians and a Beta (their medians, or mean), or a choice
#: among bins of equal distance (the one of the highest value).
HEADS = ("tanh", "sigmoid", "beta", "bins")


def is_policy_file(name: str) -> bool:
    """Whether a policy's name is that of a file."""
    return name.endswith(SUFFIX)


def describe_game(game: Game) -> dict[str, Any]:
    """What a network must know of a game to be played in it: who there is, and what an agent sees where."""
    return {
        "environment": game.id,
        "agents": list(game.agents),
        "observation": game.observation,
        "observation_layout": {name: [part.start, part.stop] for name, part in game.observation_layout.items()},
    }


def write_policy(path: str | Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> Path:
    """Write a policy's file.

    Parameters
    ----------
    path : path
        Ends in ``.safetensors``, by which it is known as a policy.
    arrays : dict of str to ndarray
        ``layers/k/weight`` and ``layers/k/bias``, and ``log_std`` (G, A) where the head has one.
    about : dict
        What `describe_game` says; ``learners``, indices of the agents that the networks play; ``shared``, whether one
        network plays them all; ``head``; ``algorithm``; and anything else that is JSON.
    """
    target = Path(path)
    if target.suffix != SUFFIX:
        raise ValueError(f"{target}: the file of a policy ends in {SUFFIX}")
    return write_tensors(target, arrays, {"format": FORMAT, "policy": json.dumps(dict(about))})


def read_about(path: str | Path, metadata: Mapping[str, str], wanted: str, key: str) -> dict[str, Any]:
    """The JSON object under a key of a file's metadata, if the file is of the wanted format."""
    if metadata.get("format") != wanted:
        raise BrokenFile(f"{path}: a safetensors file, but not one that coopetition wrote as {wanted}")
    try:
        about = json.loads(metadata[key])
    except (KeyError, json.JSONDecodeError, RecursionError):
        raise BrokenFile(f"{path}: what it says of itself is not JSON") from None
    if not isinstance(about, dict):
        raise BrokenFile(f"{path}: what it says of itself is not an object")
    return about


class TrainedPolicy(Policy):
    """A trained network, or one for each agent.

    Parameters
    ----------
    game : Game
        What it will play: agents and observations must be those of its training, parameters may differ.
    path : path
        Of its file.

    Raises
    ------
    FileNotFoundError, BrokenFile
        No such file, or not a policy's.
    ValueError
        A game in which it cannot play.
    """

    def __init__(self, game: Game, path: str | Path) -> None:
        super().__init__(game)
        arrays, metadata = read_tensors(path)
        self.about = read_about(path, metadata, FORMAT, "policy")
        self.name = Path(path).stem
        self.classifier = Classifier()
        self._read(path, arrays)

    @property
    def citation(self) -> str:  # type: ignore[override]
        """How it was trained."""
        return f"Trained by {self.about.get('algorithm')} on {self.about.get('environment')}."

    def _read(self, path: str | Path, arrays: dict[str, np.ndarray]) -> None:
        """Check that the file fits itself and the game, and keep its layers."""
        here = describe_game(self.game)
        for name in ("agents", "observation", "observation_layout"):
            if self.about.get(name) != here[name]:
                raise ValueError(
                    f"{path}: trained on {self.about.get('environment')}, whose {name.replace('_', ' ')} "
                    f"({self.about.get(name)}) {self.game.id} does not have ({here[name]})"
                )
        learners, shared, head = self.about.get("learners"), self.about.get("shared"), self.about.get("head")
        n = self.game.n
        if not (isinstance(learners, list) and learners and all(type(i) is int and 0 <= i < n for i in learners)):
            raise BrokenFile(f"{path}: it does not say whose networks it holds")
        if type(shared) is not bool or head not in HEADS:
            raise BrokenFile(f"{path}: unknown head {head!r}, or not said whether networks are shared")
        self._learners, self._shared, self._head = learners, shared, str(head)
        self._layers: list[tuple[np.ndarray, np.ndarray]] = []
        size = self.game.observation_size + (len(learners) if shared else 0)
        while f"layers/{len(self._layers)}/weight" in arrays:
            place = f"layers/{len(self._layers)}"
            weight, bias = arrays[f"{place}/weight"], arrays.get(f"{place}/bias")
            right = weight.ndim == 3 and weight.shape[:2] == (1 if shared else len(learners), size)
            if not right or bias is None or bias.shape != (weight.shape[0], weight.shape[2]):
                raise BrokenFile(f"{path}: {place} does not fit what comes before it")
            if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise BrokenFile(f"{path}: {place} has entries that are not finite")
            self._layers.append((weight.astype(np.float32), bias.astype(np.float32)))
            size = weight.shape[2]
        axes = self.game.axes
        if not self._layers or size < (2**axes if self._head == "bins" else 2 * axes if self._head == "beta" else axes):
            raise BrokenFile(f"{path}: it holds no network that gives a rate")
        self._each = round(size ** (1.0 / axes))
        if axes > 1 and (self._head == "bins" and self._each**axes != size):
            raise BrokenFile(f"{path}: {size} bins are not as many of a rate as of an intensity")

    def outputs(self, observations: np.ndarray, agent: int) -> np.ndarray:
        """What the network's last layer says, (B, outputs) float32, before it becomes a rate."""
        if agent not in self._learners:
            learnt = ", ".join(self.game.agents[i] for i in self._learners)
            raise ValueError(f"{self.name} was trained to play {learnt}, not {self.game.agents[agent]}")
        seat = self._learners.index(agent)
        x = np.asarray(observations, dtype=np.float32)
        if self._shared:
            index = np.zeros((len(x), len(self._learners)), dtype=np.float32)
            index[:, seat] = 1.0
            x = np.concatenate([x, index], axis=1)
        network = 0 if self._shared else seat
        for k, (weight, bias) in enumerate(self._layers):
            x = x @ weight[network] + bias[network]
            if k + 1 < len(self._layers):
                x = np.tanh(x)
        return x

    def act(self, observations: np.ndarray, agent: int) -> np.ndarray:
        """The rates (B,) in the middle of what it learnt to draw; with intensities, (B, 2), in a game that has them."""
        outputs = self.outputs(observations, agent).astype(np.float64)
        rates: np.ndarray
        if self.game.axes > 1:
            return self._pairs(outputs)
        if self._head == "bins":
            rates = outputs.argmax(axis=1) / (outputs.shape[1] - 1)
        elif self._head == "beta":
            above, below = 1.0 + np.logaddexp(0.0, outputs[:, 0]), 1.0 + np.logaddexp(0.0, outputs[:, 1])
            rates = above / (above + below)
        else:
            slope = 1.0 if self._head == "tanh" else 0.5
            rates = 0.5 * (1.0 + np.tanh(slope * outputs[:, 0]))
        return rates

    def _pairs(self, outputs: np.ndarray) -> np.ndarray:
        """The same for actions of a rate and an intensity, (B, 2)."""
        pairs: np.ndarray
        if self._head == "bins":
            pairs = np.stack(np.divmod(outputs.argmax(axis=1), self._each), axis=1) / (self._each - 1)
        elif self._head == "beta":
            above, below = 1.0 + np.logaddexp(0.0, outputs[:, :2]), 1.0 + np.logaddexp(0.0, outputs[:, 2:4])
            pairs = above / (above + below)
        else:
            slope = 1.0 if self._head == "tanh" else 0.5
            pairs = 0.5 * (1.0 + np.tanh(slope * outputs[:, :2]))
        return pairs
