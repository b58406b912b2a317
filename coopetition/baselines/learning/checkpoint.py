"""Checkpoints: the whole of a training in one safetensors file, from which it goes on bit for bit.

The file's arrays are the leaves of the run states and of the environments' snapshots; what is not an array stands in
JSON beside them. Reading one executes nothing. It is written to a temporary file first, so that it is whole or absent.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from coopetition.baselines.learning.xla import jax
from coopetition.policies.tensors import BrokenFile, read_tensors, write_tensors
from coopetition.policies.trained import read_about

FORMAT = "coopetition-checkpoint-2"
NAME = "checkpoint.safetensors"


def _encode(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A nest of dicts, sequences, arrays and plain values as JSON, arrays by reference."""
    if isinstance(value, np.ndarray):
        name = f"host/{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, np.generic):
        return _encode(value.item(), arrays)
    if isinstance(value, dict):
        return {"dict": [[key, _encode(part, arrays)] for key, part in value.items()]}
    if isinstance(value, tuple | list):
        return {type(value).__name__: [_encode(part, arrays) for part in value]}
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}
    raise TypeError(f"a checkpoint cannot keep a {type(value).__name__}")


def _decode(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    ((kind, content),) = value.items()
    if kind == "array":
        return arrays[content]
    if kind == "dict":
        return {key: _decode(part, arrays) for key, part in content}
    if kind in ("tuple", "list"):
        parts = [_decode(part, arrays) for part in content]
        return tuple(parts) if kind == "tuple" else parts
    if kind == "value":
        return content
    raise ValueError(f"unknown kind {kind!r}")


def write_checkpoint(folder: Path, request: dict[str, Any], state: Any, host: Any) -> Path:
    """Write a checkpoint into a folder.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    request : dict
        What is being trained, in JSON; `read_checkpoint` compares it.
    state : tree of arrays
        The algorithm's state of all runs.
    host : nest
        Everything else, of dicts, sequences, NumPy arrays and plain values.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {f"state/{k}": np.asarray(leaf) for k, leaf in enumerate(jax.tree.leaves(state))}
    encoded = _encode(host, arrays)
    metadata = {"format": FORMAT, "request": json.dumps(request), "host": json.dumps(encoded)}
    return write_tensors(folder / NAME, arrays, metadata)


def read_checkpoint(folder: Path, request: dict[str, Any], template: Any) -> tuple[Any, Any]:
    """Read the checkpoint of a folder.

    Parameters
    ----------
    folder : Path
    request : dict
        What is to be trained: but for ``steps`` it must be what the checkpoint was written for.
    template : tree of arrays
        A state of the right shapes.

    Returns
    -------
    state, host
        As they were written.

    Raises
    ------
    FileNotFoundError
        There is none.
    BrokenFile
        A foreign or broken file.
    ValueError
        It belongs to another training; the message says in what.
    """
    path = folder / NAME
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {str(path)!r} to resume from")
    arrays, metadata = read_tensors(path)
    before = read_about(path, metadata, FORMAT, "request")
    now = json.loads(json.dumps(request))
    differing = [key for key in now if key != "steps" and before.get(key) != now[key]]
    if differing:
        key = differing[0]
        raise ValueError(f"{path}: was written for {key} = {before.get(key)!r}, and not for {now[key]!r}")
    leaves, structure = jax.tree.flatten(template)
    found = [arrays.get(f"state/{k}") for k in range(len(leaves))]
    for k, (leaf, array) in enumerate(zip(leaves, found, strict=True)):
        if array is None or array.shape != leaf.shape or array.dtype != leaf.dtype:
            raise BrokenFile(f"{path}: part {k} of the state is missing or of another shape")
    try:
        host = _decode(json.loads(metadata["host"]), arrays)
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        raise BrokenFile(f"{path}: the state of its environments cannot be read") from None
    return jax.tree.unflatten(structure, [jax.numpy.asarray(array) for array in found]), host
