"""Data files: what is read, checked and refused, with a message that names the file, the entry and the remedy."""

from __future__ import annotations

import difflib
import functools
import json
import math
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class RubricError(ValueError):
    """A rubric or record file that cannot be used; the message names the file, the entry and the remedy."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """The hint of an error message: the nearest allowed name, or all of them."""
    choices = sorted(allowed)
    close = difflib.get_close_matches(str(name), choices, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(map(repr, choices))}"


def read_data(path: str | Path) -> dict[str, Any]:
    """The object or table at the top of a JSON or TOML file.

    Parameters
    ----------
    path : path
        A file whose name ends in ``.json`` or ``.toml``.

    Raises
    ------
    RubricError
        The file is missing, is of another kind, is not valid, or holds no object.
    """
    path = Path(path)
    if path.suffix not in (".json", ".toml"):
        raise RubricError(f"{path}: expected a .json or a .toml file")
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError):
        raise RubricError(f"{path}: no such file") from None
    except OSError as error:
        raise RubricError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise RubricError(f"{path}: not text in UTF-8: byte {error.start}") from None
    try:
        content = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except json.JSONDecodeError as error:
        raise RubricError(f"{path}: not valid JSON, line {error.lineno}: {error.msg}") from None
    except tomllib.TOMLDecodeError as error:
        raise RubricError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise RubricError(f"{path}: nested too deeply") from None
    if not isinstance(content, dict):
        raise RubricError(f"{path}: expected an object at the top level, found {type(content).__name__}")
    return content


def refusing(parse: Callable[P, R]) -> Callable[P, R]:
    """A parser of plain data, whose first argument says where they come from: parts of a wrong form are refused.

    What a parser does not expect, such as a list in the place of a number, trips over Python's own errors; they become
    a `RubricError` that says where.
    """

    @functools.wraps(parse)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return parse(*args, **kwargs)
        except RubricError:
            raise
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
            where = args[0] if args else next(iter(kwargs.values()))
            raise RubricError(f"{where}: a part has the wrong form: {error}") from error

    return checked


def entries(where: str, content: Any, field: str) -> list[Any]:
    """A field that holds a list."""
    found = content[field]
    if not isinstance(found, list | tuple):
        raise RubricError(f"{where}: {field!r}: expected a list, found {found!r}")
    return list(found)


def text(where: str, content: Any, field: str) -> str:
    """A field that holds text."""
    found = content[field]
    if not isinstance(found, str):
        raise RubricError(f"{where}: {field!r}: expected text, found {found!r}")
    return found


def check_fields(where: str, entry: Any, required: Iterable[str], optional: Iterable[str] = ()) -> None:
    """Refuse an entry with a missing or an unknown field, naming the nearest known one."""
    if not isinstance(entry, dict):
        raise RubricError(f"{where}: expected an object, found {type(entry).__name__}")
    required, optional = tuple(required), tuple(optional)
    for field in entry:
        if field not in required and field not in optional:
            raise RubricError(f"{where}: unknown field {field!r}; {nearest(field, (*required, *optional))}")
    for field in required:
        if field not in entry:
            raise RubricError(f"{where}: field {field!r} is missing")
        if isinstance(entry[field], str) and not entry[field].strip():
            raise RubricError(f"{where}: field {field!r} is empty")


def finite_number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RubricError(f"{where}: expected a finite number, found {value!r}")
    return float(value)


def number_pair(where: str, value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise RubricError(f"{where}: expected a pair [x, y], found {value!r}")
    return finite_number(where, value[0]), finite_number(where, value[1])
