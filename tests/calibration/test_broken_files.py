"""Broken data files: a message that says which file, and where; never a traceback of what tripped over it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coopetition import calibration
from coopetition.calibration import claims
from coopetition.calibration.engine.case import parse_draws
from coopetition.calibration.engine.files import RubricError, read_data
from coopetition.calibration.engine.record import parse_record
from coopetition.calibration.engine.registry import load_case
from coopetition.calibration.engine.rubric import parse_rubric

FOLDER = Path(calibration.__file__).parent / "cases"
#: What is put in the place of every part of a file, one after another.
WRONG = (None, "no", 3, -1.5, True, [], {}, [None], {"x": None}, [[1, 2, 3]])


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to every part of a JSON value; of long lists only the first two entries'."""
    if path:
        yield path
    listed = enumerate(content[:2]) if isinstance(content, list) else ()
    for key, value in content.items() if isinstance(content, dict) else listed:
        yield from places(value, (*path, key))


def broken(content: Any) -> Iterator[tuple[str, Any]]:
    """The content with one part replaced, or left out, and words for it."""
    for path in places(content):
        for wrong in (*WRONG, "left out"):
            changed = copy.deepcopy(content)
            part = changed
            for key in path[:-1]:
                part = part[key]
            if wrong == "left out":
                del part[path[-1]]
            else:
                part[path[-1]] = wrong
            yield f"{path} {wrong!r}", changed
    for wrong in WRONG:
        yield f"top {wrong!r}", wrong


def parse(name: str, file: str, content: Any) -> None:
    case = load_case(name.replace("_", "-"))
    if file == "record":
        parse_record("here", content)
    elif file == "draws":
        parse_draws("here", content)
    else:
        parse_rubric("here", content, case.quantities, case.record.phase_names)


@pytest.mark.parametrize("file", ["record", "draws", "rubric", "rubric-ours"])
@pytest.mark.parametrize("name", ["slcd", "renault_nissan"])
def test_a_broken_table_is_refused_or_read(name, file):
    content = json.loads((FOLDER / name / f"{file}.json").read_text(encoding="utf-8"))
    messages = []
    for words, changed in broken(content):
        try:
            parse(name, file, changed)
        except RubricError as error:
            messages.append(str(error))
        except Exception as error:
            raise AssertionError(f"{words}: {type(error).__name__}: {error}") from error
    assert len(messages) > 20
    assert all(message.startswith("here") for message in messages)


FILES = {
    "empty": b"",
    "cut short": b'{"case": "x", "fig',
    "another encoding": '{"case": "Köln"}'.encode("latin-1"),
    "a list": b"[1, 2]",
    "nested": b"[" * 100_000,
}


@pytest.mark.parametrize("what", FILES)
@pytest.mark.parametrize("ending", [".json", ".toml"])
def test_a_broken_file_is_named(tmp_path, what, ending):
    path = tmp_path / f"record{ending}"
    path.write_bytes(FILES[what])
    if ending == ".toml" and what in ("empty", "nested"):
        return  # no table is a table
    with pytest.raises(RubricError) as caught:
        read_data(path)
    assert str(path) in str(caught.value)


def test_broken_claims_are_named(tmp_path, monkeypatch):
    content = json.loads(claims.CLAIMS.read_text(encoding="utf-8"))
    entries = [option for entry in content["claims"] for option in (entry, *entry["variants"])]
    known = dict.fromkeys((entry["measure"] for entry in entries if entry["measure"] is not None), 1.0)
    path = tmp_path / "claims.json"
    monkeypatch.setattr(claims, "CLAIMS", path)
    monkeypatch.setattr(claims, "measures", lambda *_: known)
    messages = []
    for wrong in WRONG:
        for field in ("claims", "value", "digits", "variants", "measure"):
            changed = copy.deepcopy(content)
            (changed if field == "claims" else changed["claims"][0])[field] = wrong
            path.write_text(json.dumps(changed), encoding="utf-8")
            try:
                claims.ledger()
            except RubricError as error:
                messages.append(str(error))
    assert len(messages) > 20
    assert all("claims.json" in message for message in messages)
