"""The historical record of a case: figures, each with its source, read from a data file and checked.

A record that states a figure without a source is refused, so that nothing in the validations rests on a
number that came from nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .files import RubricError, check_fields, entries, finite_number, nearest, read_data, refusing, text

#: What a figure is: read off history, chosen or estimated by a report's authors, or chosen here.
STATUSES = ("documented", "authors", "ours")


@dataclass(frozen=True)
class Figure:
    """One figure of the record.

    Attributes
    ----------
    id : str
        Its name.
    value : object
        Number, list or mapping, in `unit`.
    unit : str
    what : str
        What it says, in one line.
    source : str
        Where it comes from.
    status : str
        ``"documented"``, ``"authors"`` (the report's authors' own estimate or choice) or ``"ours"``.
    """

    id: str
    value: Any
    unit: str
    what: str
    source: str
    status: str


@dataclass(frozen=True)
class Phase:
    """One phase of the record.

    Attributes
    ----------
    name, years, source : str
    start, end : int
        First period and the period at which the next phase starts.
    values : mapping of str to object
        The phase's own figures (counts, levels, shocks), by name.
    """

    name: str
    years: str
    start: int
    end: int
    source: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """The historical record and the published parameters of one case.

    Attributes
    ----------
    case, title, report, about : str
        `about` says what kind of evidence the record is.
    players : tuple of str
    figures : mapping of str to Figure
    phases : tuple of Phase
        In order; empty for a static case.
    """

    case: str
    title: str
    report: str
    about: str
    players: tuple[str, ...]
    figures: Mapping[str, Figure]
    phases: tuple[Phase, ...]

    def __getitem__(self, name: str) -> Any:
        """The value of a figure."""
        if name not in self.figures:
            raise KeyError(f"{self.case}: no figure {name!r}; {nearest(name, self.figures)}")
        return self.figures[name].value

    @property
    def phase_names(self) -> tuple[str, ...]:
        """Names of the phases, in order."""
        return tuple(phase.name for phase in self.phases)


def read_record(path: str | Path) -> Record:
    """A record from a JSON or TOML file; see `parse_record`."""
    return parse_record(Path(path).name, read_data(path))


@refusing
def parse_record(file: str, content: Mapping[str, Any]) -> Record:
    """A record from plain data.

    Parameters
    ----------
    file : str
        Where the data come from, for messages.
    content : mapping

    Raises
    ------
    RubricError
        A missing or unknown field, a figure or phase without a source, phases that do not join.
    """
    check_fields(file, content, ("case", "title", "report", "about", "players", "figures"), ("phases",))
    figures: dict[str, Figure] = {}
    for number, entry in enumerate(entries(file, content, "figures")):
        name = entry.get("id", f"number {number + 1}") if isinstance(entry, dict) else f"number {number + 1}"
        where = f"{file}: figure {name!r}"
        check_fields(where, entry, ("id", "value", "unit", "what", "source", "status"))
        if entry["status"] not in STATUSES:
            raise RubricError(f"{where}: unknown status {entry['status']!r}; {nearest(entry['status'], STATUSES)}")
        if name in figures:
            raise RubricError(f"{where}: the id is used twice")
        figures[name] = Figure(**entry)
    phases: list[Phase] = []
    for entry in entries(file, {"phases": [], **content}, "phases"):
        where = f"{file}: phase {entry.get('name', len(phases) + 1) if isinstance(entry, dict) else entry!r}"
        check_fields(where, entry, ("name", "years", "start", "end", "source", "values"))
        text(where, entry, "name")
        finite_number(f"{where}: start", entry["start"])
        finite_number(f"{where}: end", entry["end"])
        phase = Phase(**entry)
        if phase.end <= phase.start or (phases and phase.start != phases[-1].end):
            raise RubricError(f"{where}: runs from {phase.start} to {phase.end} and does not join the phase before it")
        phases.append(phase)
    return Record(
        content["case"],
        content["title"],
        content["report"],
        content["about"],
        tuple(entries(file, content, "players")),
        figures,
        tuple(phases),
    )
