"""Cases written as data alone: one JSON or TOML file, in which nothing is evaluated.

The file names an environment and numbers for it, a solution concept, measures by name
(`coopetition.calibration.engine.measures`), the record, two rubrics and ranges. ``coopetition validate PATH`` solves,
scores and audits it like every other case; `docs/calibration.md` describes the tables one by one, and
``examples/cases/slcd.toml`` is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coopetition.envs import environment_class

from .case import Case, CaseData, Draws, Ranges, Run
from .files import RubricError, check_fields, nearest, read_data
from .games import Games, Points
from .measures import Solved, find_measure
from .record import Record
from .rubric import Quantity

Array = NDArray[np.float64]
_TABLES = {
    "required": ("name", "title", "report", "model", "runs", "measures", "nulls", "ablations"),
    "data": ("record", "rubric", "rubric-ours", "draws"),
    "optional": ("reference", "note"),
}
_MODEL = {"required": ("environment", "concept"), "optional": ("objective", "parameters")}
_RUN = {"required": ("label",), "optional": ("parameters",)}
_NULL = {"required": ("label",), "optional": ("parameters", "run", "draws", "levels")}
#: Levels that a null model plays in the place of a solution.
LEVELS = ("uniform",)


@dataclass(frozen=True)
class Entry:
    """One line of the table of measures: the quantity's name, the measure, what the file gives it."""

    quantity: Quantity
    measure: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """The model of a case that is written as data: its runs are those of every case.

    Attributes
    ----------
    where : str
        The file, for messages.
    environment, concept : str
    objective : str or None
    parameters : mapping
        Arguments of the environment, for all runs.
    reference : mapping or None
        What the reference changes.
    runs, off, without : tuple of mapping
        The tables of runs, null models and ablations.
    entries : tuple of Entry
    record : Record
    ranges : Draws
    """

    where: str
    environment: str
    concept: str
    objective: str | None
    parameters: Mapping[str, Any]
    reference: Mapping[str, Any] | None
    runs: tuple[Mapping[str, Any], ...]
    off: tuple[Mapping[str, Any], ...]
    without: tuple[Mapping[str, Any], ...]
    entries: tuple[Entry, ...]
    record: Record
    ranges: Draws

    def games(self, *changes: Mapping[str, Any]) -> Games:
        """The model's game with changes, the later over the earlier."""
        fixed = dict(self.parameters)
        for change in changes:
            fixed |= change
        return Games(self.environment, fixed)

    def run_named(self, where: str, label: str | None) -> Mapping[str, Any]:
        """The changes of a run, the first by default."""
        if label is None:
            return self.runs[0].get("parameters", {})
        for run in self.runs:
            if run["label"] == label:
                return run.get("parameters", {})
        raise RubricError(f"{where}: no run {label!r}; {nearest(label, [run['label'] for run in self.runs])}")

    def measure(self, games: Games, own: Points) -> dict[str, Array]:
        """Every quantity of the file, in its order, shape (B,) each."""
        reference = None
        if self.reference is not None:
            found = games.changed(self.reference).solve(self.concept, self.objective)
            paid = games.pay(found.levels)
            reference = replace(paid, converged=found.converged, epsilon=found.epsilon, residual=found.residual)
        values: dict[str, Array] = {}
        for entry in self.entries:
            solved = Solved(games.agents, own, reference, self.record, values)
            measure = find_measure(self.where, entry.measure, entry.arguments)
            try:
                values[entry.quantity.name] = np.asarray(measure.function(solved, **entry.arguments), dtype=float)
            except (RubricError, KeyError) as error:
                raise RubricError(f"{self.where}: measures: {entry.quantity.name}: {error.args[0]}") from None
        return values

    def simulate(self, label: str, games: Games) -> Run:
        """Solve the games, measure every quantity."""
        own = games.solve(self.concept, self.objective)
        series = {"levels": own.levels, "payoffs": own.payoffs, "epsilon": own.epsilon}
        return Run(label, self.measure(games, own), series)

    def variants(self) -> tuple[Run, ...]:
        """The runs of the file."""
        return tuple(self.simulate(run["label"], self.games(run.get("parameters", {}))) for run in self.runs)

    def draws(self, rng: np.random.Generator, count: int, ranges: Ranges) -> Run:
        """The first run with random parameters."""
        games = self.games(self.run_named(self.where, None)).drawn(self.ranges.sample(rng, count, ranges))
        return self.simulate(f"{count} {ranges} draws", games)

    def nulls(self, rng: np.random.Generator, count: int) -> tuple[Run, ...]:
        """The null models of the file."""
        out = []
        for entry in self.off:
            where = f"{self.where}: null {entry['label']!r}"
            games = self.games(self.run_named(where, entry.get("run")), entry.get("parameters", {}))
            if "draws" in entry:
                games = games.drawn(self.ranges.sample(rng, count, entry["draws"]))
            if "levels" not in entry:
                out.append(Run(entry["label"], self.simulate("", games).values))
                continue
            levels = rng.uniform(0.0, 1.0, games.endowments.shape) * games.endowments
            out.append(Run(entry["label"], self.measure(games, games.pay(levels))))
        return tuple(out)

    def ablations(self) -> tuple[Run, ...]:
        """The first run with the changes of each ablation."""
        first = self.run_named(self.where, None)
        return tuple(
            self.simulate(entry["label"], self.games(first, entry.get("parameters", {}))) for entry in self.without
        )

    def history(self) -> Run:
        """The record in the place of the run: its figures, no distance from them, NaN where it says nothing."""
        values = {entry.quantity.name: np.full(1, np.nan) for entry in self.entries}
        for name in values:
            if name in self.record.figures:
                values[name] = np.atleast_1d(np.mean(np.asarray(self.record[name], dtype=float)))
        for entry in self.entries:
            if entry.measure == "distance from record":
                values[entry.quantity.name] = np.zeros(1)
        return Run("the record: its figures, bands at their middles", values)

    def notes(self, report: Any) -> tuple[str, ...]:
        """The certificates of the runs."""
        most = max(float(np.max(run.series["epsilon"])) for run in report.runs.variants)
        return (
            f"Written as data alone in {self.where}: {self.environment}, {self.concept}. Certificate: no agent of any "
            f"run gains more than {most:.1e} by another level.",
        )


def read_case(path: str | Path) -> Case:
    """A case from a JSON or TOML file.

    Parameters
    ----------
    path : path

    Returns
    -------
    Case
        Ready for `coopetition.calibration.validate`, and for `register_case`.

    Raises
    ------
    RubricError
        A missing or unknown table or field, an unknown environment, argument, concept, measure or run; the message
        names file, table and entry, and the nearest allowed name.

    Examples
    --------
    >>> from coopetition import calibration
    >>> calibration.validate("examples/cases/slcd.toml", count=20).score  # doctest: +SKIP
    58.0
    """
    from .registry import check_case

    file = Path(path).name
    content = read_data(path)
    check_fields(file, content, (*_TABLES["required"], *_TABLES["data"]), _TABLES["optional"])
    data = CaseData(file, {name: _completed(name, content) for name in _TABLES["data"]})
    model = _model(file, content, data)
    return check_case(
        Case(
            name=content["name"],
            title=content["title"],
            report=content["report"],
            data=data,
            quantities={entry.quantity.name: entry.quantity for entry in model.entries},
            variants=model.variants,
            draws=model.draws,
            nulls=model.nulls,
            ablations=model.ablations,
            history=model.history,
            notes=model.notes,
        )
    )


def _completed(table: str, content: Mapping[str, Any]) -> Any:
    """A table with what the file's own head says already: the case, its title, its report, the kind of rubric."""
    own = content[table]
    if not isinstance(own, dict):
        return own
    if table == "record":
        return {"case": content["name"], "title": content["title"], "report": content["report"], **own}
    if table == "draws":
        return own
    kind = "published" if table == "rubric" else "ours"
    return {"name": f"{content['name']}, {kind}", "case": content["name"], "kind": kind, "phases": [], **own}


def _model(file: str, content: Mapping[str, Any], data: CaseData) -> Written:
    from coopetition.oracles import CONCEPTS

    own = content["model"]
    check_fields(f"{file}: model", own, _MODEL["required"], _MODEL["optional"])
    try:
        environment_class(own["environment"])
    except (ValueError, TypeError) as error:
        raise RubricError(f"{file}: model: {error}") from None
    if own["concept"] not in CONCEPTS:
        raise RubricError(f"{file}: model: unknown concept {own['concept']!r}; {nearest(own['concept'], CONCEPTS)}")
    tables: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for table, fields in (("runs", _RUN), ("nulls", _NULL), ("ablations", _RUN)):
        if not isinstance(content[table], list) or not content[table]:
            raise RubricError(f"{file}: {table}: expected at least one table")
        for k, entry in enumerate(content[table]):
            name = entry.get("label", k + 1) if isinstance(entry, dict) else k + 1
            check_fields(f"{file}: {table}: {name!r}", entry, fields["required"], fields["optional"])
        tables[table] = tuple(content[table])
    if "reference" in content:
        check_fields(f"{file}: reference", content["reference"], ("parameters",))
    model = Written(
        file,
        own["environment"],
        own["concept"],
        own.get("objective"),
        own.get("parameters", {}),
        content["reference"]["parameters"] if "reference" in content else None,
        tables["runs"],
        tables["nulls"],
        tables["ablations"],
        _entries(file, content["measures"]),
        data.record,
        data.draws,
    )
    _check_numbers(file, model)
    return model


def _entries(file: str, table: Any) -> tuple[Entry, ...]:
    if not isinstance(table, dict) or not table:
        raise RubricError(f"{file}: measures: expected a table of quantities")
    entries = []
    for name, given in table.items():
        where = f"{file}: measures: {name}"
        line = {"measure": given} if isinstance(given, str) else given
        if not isinstance(line, dict) or "measure" not in line:
            raise RubricError(f"{where}: field 'measure' is missing")
        arguments = {key: value for key, value in line.items() if key not in ("measure", "what", "unit")}
        found = find_measure(where, line["measure"], arguments)
        quantity = Quantity(name, line.get("what", found.what), line.get("unit", found.unit))
        entries.append(Entry(quantity, found.name, arguments))
    return tuple(entries)


def _check_numbers(file: str, model: Written) -> None:
    """Build every game that the file speaks of once, so that a wrong number or name is refused where it stands."""

    def build(where: str, *changes: Mapping[str, Any]) -> Games:
        try:
            return model.games(*changes)
        except (ValueError, TypeError) as error:
            raise RubricError(f"{file}: {where}: {error}") from None

    build("model: parameters")
    if model.reference is not None:
        build("reference: parameters", model.reference)
    for run in model.runs:
        build(f"runs: {run['label']!r}", run.get("parameters", {}))
    first = model.run_named(file, None)
    for entry in model.without:
        build(f"ablations: {entry['label']!r}", first, entry.get("parameters", {}))
    for entry in model.off:
        where = f"nulls: {entry['label']!r}"
        games = build(where, model.run_named(f"{file}: {where}", entry.get("run")), entry.get("parameters", {}))
        for field, allowed in (("draws", ("stated", "wide")), ("levels", LEVELS)):
            if field in entry and entry[field] not in allowed:
                raise RubricError(
                    f"{file}: {where}: unknown {field} {entry[field]!r}; {nearest(entry[field], allowed)}"
                )
        del games
    games = build("model: parameters", first)
    for ranges in ("stated", "wide"):
        bounds = model.ranges.stated if ranges == "stated" else model.ranges.wide
        for path, (low, high) in bounds.items():
            try:
                drawn = games.drawn({path: np.array([low, high])})
                for k in (0, 1):
                    drawn[k]
            except (ValueError, TypeError) as error:
                raise RubricError(f"{file}: draws: {ranges}: {error}") from None
