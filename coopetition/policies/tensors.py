"""Files of named arrays: the safetensors format, read and written with NumPy alone.

A file is eight bytes that give the header's length, the header in JSON (name: dtype, shape, offsets; and
``__metadata__``, strings by name), and the arrays' bytes, little-endian and in C order. Nothing in it is code, and
nothing is executed when it is read; whatever does not fit the format is refused by the file's name.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
_NAMES = {np.dtype(text): name for name, text in DTYPES.items()}
#: A longer header than this is not one of ours, and reading it would only cost memory.
LONGEST_HEADER = 100_000_000


class BrokenFile(ValueError):
    """A file that is not what it should be; the message begins with its name."""


def write_tensors(path: str | Path, arrays: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> Path:
    """Write arrays to a file, whole or not at all.

    Parameters
    ----------
    path : path
        An existing file is replaced once the new one is complete.
    arrays : dict of str to array_like
        Any shapes; bools, integers and floats.
    metadata : dict of str to str, optional
        Kept in the header.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    TypeError
        An array of another dtype.
    """
    target = Path(path)
    header: dict[str, Any] = {"__metadata__": dict(metadata or {})}
    blocks: list[bytes] = []
    offset = 0
    for name, value in arrays.items():
        array = np.asarray(value, order="C")
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if array.dtype not in _NAMES:
            raise TypeError(f"array {name!r} is of dtype {array.dtype}, which the format does not have")
        block = array.tobytes()
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(block)],
        }
        offset += len(block)
        blocks.append(block)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            file.writelines(blocks)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_tensors(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read a file of arrays.

    Returns
    -------
    arrays : dict of str to ndarray
        Copies that belong to the caller.
    metadata : dict of str to str
        As it was written.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    BrokenFile
        It is not of this format, cut short, or inconsistent; the message names the file.
    """
    data = Path(path).read_bytes()
    length = int.from_bytes(data[:8], "little") if len(data) >= 8 else -1
    if length < 2 or length > min(len(data) - 8, LONGEST_HEADER):
        raise BrokenFile(f"{path}: not a safetensors file")
    try:
        header = json.loads(data[8 : 8 + length])
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise BrokenFile(f"{path}: not a safetensors file (its header is not JSON)") from None
    if not isinstance(header, dict):
        raise BrokenFile(f"{path}: not a safetensors file (its header is not an object)")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise BrokenFile(f"{path}: its metadata are not strings")
    body = memoryview(data)[8 + length :]
    arrays = {name: _read(path, name, entry, body) for name, entry in header.items()}
    if sum(array.nbytes for array in arrays.values()) != len(body):
        raise BrokenFile(f"{path}: its arrays do not fill the file")
    return arrays, metadata


def _read(path: str | Path, name: str, entry: Any, body: memoryview) -> np.ndarray:
    """One array, or a refusal that names it."""
    try:
        dtype = np.dtype(DTYPES[entry["dtype"]])
        shape = tuple(entry["shape"])
        first, last = entry["data_offsets"]
        sound = all(type(size) is int and size >= 0 for size in (*shape, first, last))
    except (KeyError, TypeError, ValueError):
        raise BrokenFile(f"{path}: array {name!r} is not described as the format demands") from None
    if not sound or last > len(body) or last - first != math.prod(shape) * dtype.itemsize:
        raise BrokenFile(f"{path}: array {name!r} is cut short or of another size than it says")
    return np.frombuffer(body[first:last], dtype=dtype).reshape(shape).copy()
