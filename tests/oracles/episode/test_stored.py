"""A stored table of sequences that is broken: the file, the entry and what is wrong with it."""

from __future__ import annotations

import pytest

from coopetition.oracles.episode import stored
from coopetition.oracles.episode.storing import read
from coopetition.oracles.stage.game import as_game
from coopetition.policies.tensors import BrokenFile

FILES = {
    "empty": b"",
    "cut short": b'{"SLCD-v0":{"private":{"opt',
    "a list": b"[]",
    "no text": b"\xff\xfe",
    "nested": b"[" * 100_000,
    "no modes": b'{"SLCD-v0": 3}',
    "no entries": b'{"SLCD-v0": {"private": [1]}}',
    "no object": b'{"SLCD-v0": {"private": {"optimum": "x"}}}',
}
ENTRIES = [
    {},
    {"roles": [0, 1], "columns": [[[1.0, 5]]]},
    {"roles": [0, 0], "columns": [[["x", 5]]]},
    {"roles": [0, 0], "columns": [[[1.0, -5]]]},
    {"roles": [0, 0], "columns": [[[1.0, 2.5]]]},
    {"roles": [0, 0], "columns": [[[float("nan"), 5]]]},
    {"roles": [0, 0], "columns": 3},
    {"roles": None, "columns": [[[1.0, 5]]]},
    {"roles": [0], "columns": [[[1.0, 5]]]},
    {"roles": [0, 0], "columns": [[[1.0, 100_000]]]},
]


@pytest.mark.parametrize("what", FILES)
def test_a_broken_table(tmp_path, what):
    path = tmp_path / "sequences.json"
    path.write_bytes(FILES[what])
    for reading in (stored.read_table, read):
        with pytest.raises(BrokenFile) as caught:
            reading(path)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_a_broken_entry(monkeypatch, entry):
    monkeypatch.setattr(stored, "_table", lambda: {"SLCD-v0": {"private": {"optimum": entry}}})
    with pytest.raises(BrokenFile, match="sequences.json: SLCD-v0, private, optimum"):
        stored.stored_optimum(as_game("SLCD-v0", "private"))
