"""The ledger: every number that the five abstracts claim, ours beside it, and the verdict.

Claims are data; measures are computed when the ledger is asked for; the verdict follows from comparing the
two. Nothing is ticked by hand: change the model and the verdicts change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .engine.files import RubricError, check_fields, entries, finite_number, nearest, read_data
from .engine.registry import case_names, load_case
from .engine.rubric import score

if TYPE_CHECKING:
    from .engine.report import Report
    from .studies.study import Study

CLAIMS = Path(__file__).with_name("claims.json")
#: What the reference study's corpus counts, written by ``coopetition study report --measures``; a test compares them.
STUDY = Path(__file__).with_name("study.json")

Verdict = Literal["reproduced", "reproduced by a variant", "not reproducible"]


@dataclass(frozen=True)
class Claim:
    """One claimed number.

    Attributes
    ----------
    id, abstract, sentence, unit : str
    published : float
    digits : int
        Decimals it is printed with.
    ours : float or None
        The model's own figure; None where the claim has no definition to compute.
    verdict : {"reproduced", "reproduced by a variant", "not reproducible"}
    variant : str
        The variant that reproduces it, if one does.
    variant_value : float or None
    reason : str
        Why it is not reproducible, if it is not.
    """

    id: str
    abstract: str
    sentence: str
    unit: str
    published: float
    digits: int
    ours: float | None
    verdict: Verdict
    variant: str
    variant_value: float | None
    reason: str

    def _text(self, x: float, digits: int) -> str:
        return f"{x:,.{digits}f}{'' if self.unit in ('', 'x') or self.unit.startswith('/') else ' '}{self.unit}"

    @property
    def published_text(self) -> str:
        """The claim as printed."""
        return self._text(self.published, self.digits)

    @property
    def ours_text(self) -> str:
        """Our figure, with two more decimals than the claim unless it is a count."""
        if self.ours is None:
            return "-"
        whole = float(self.ours).is_integer() and self.digits == 0
        return self._text(self.ours, 0 if whole else self.digits + 2)

    @property
    def verdict_text(self) -> str:
        """The verdict in words."""
        if self.verdict == "reproduced by a variant" and self.variant_value is not None:
            return f"reproduced by a variant: {self.variant} ({self._text(self.variant_value, self.digits)})"
        if self.verdict == "not reproducible":
            return f"not reproducible: {self.reason}"
        return self.verdict


@dataclass(frozen=True)
class Ledger:
    """All claims with their verdicts."""

    source: str
    claims: tuple[Claim, ...]

    def __getitem__(self, name: str) -> Claim:
        """A claim by id."""
        for claim in self.claims:
            if claim.id == name:
                return claim
        raise KeyError(f"no claim {name!r}; {nearest(name, [c.id for c in self.claims])}")

    def counts(self) -> dict[str, int]:
        """How many claims got each verdict."""
        out = {"reproduced": 0, "reproduced by a variant": 0, "not reproducible": 0}
        for claim in self.claims:
            out[claim.verdict] += 1
        return out

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"source": self.source, "counts": self.counts(), "claims": [vars(c) for c in self.claims]}

    def to_markdown(self) -> str:
        """The ledger as one Markdown table."""
        rows = ["| abstract | claim | published | ours | verdict |", "|---|---|---:|---:|---|"]
        rows += [
            f"| {c.abstract} | {c.sentence} | {c.published_text} | {c.ours_text} | {c.verdict_text} |"
            for c in self.claims
        ]
        return "\n".join(rows)

    def summary_markdown(self) -> str:
        """A line a report: how many of its claims got which verdict."""
        verdicts = ("reproduced", "reproduced by a variant", "not reproducible")
        rows = ["| report | claims | reproduced | by a named variant | not reproducible |", "|---|---:|---:|---:|---:|"]
        for report in dict.fromkeys(claim.abstract for claim in self.claims):
            mine = [str(claim.verdict) for claim in self.claims if claim.abstract == report]
            rows.append(f"| {report} | {len(mine)} | " + " | ".join(str(mine.count(v)) for v in verdicts) + " |")
        return "\n".join(rows)


def measures(reports: Sequence[Report] = (), studies: Mapping[str, Study] | None = None) -> dict[str, float]:
    """Every measured number that a claim may be held against, by name.

    Parameters
    ----------
    reports : sequence of Report
        Case reports already at hand; missing ones are run (without their audits).
    studies : mapping of str to Study, optional
        Studies already at hand.

    Returns
    -------
    dict of str to float
    """
    from .studies import STUDIES, experiment, tr2

    out: dict[str, float] = {}
    known = {report.case.name: report.runs for report in reports}
    for name in case_names():
        case = load_case(name)
        rubric = case.rubric()
        runs = known[name].variants if name in known else case.variants()
        for run in (*runs, case.history()):
            label = "history" if run not in runs else run.label
            card = score(rubric, run.values)
            out[f"{name}.{label}.score"] = float(card.total[0])
            out[f"{name}.{label}.percent"] = 100.0 * float(card.total[0]) / rubric.total
        if case.measures is not None:
            out |= {f"{name}.{key}": value for key, value in case.measures(runs).items()}
    for name in STUDIES:
        study = (studies or {}).get(name) or experiment(name)
        out[f"{name}.runs"] = float(study.runs)
        for target in study.targets:
            out[f"{name}.{target.name}"] = target.ours
    for name, value in read_data(STUDY).items():
        out[f"study.{name}"] = finite_number(f"{STUDY.name}: {name}", value)
    # The abstract's count is the grid's times the levels of a parameter that no metric reads.
    out["tr2.runs_seven"] = out["tr2.runs"] * len(tr2.LEVELS["kappa"])
    return out


def ledger(reports: Sequence[Report] = (), studies: Mapping[str, Study] | None = None) -> Ledger:
    """Every number that the five abstracts claim, ours, and the verdict.

    A claim is reproduced if the model's own figure rounds to it; reproduced by a variant if a named variant's
    figure does; else not reproducible, with the reason.

    Parameters
    ----------
    reports : sequence of Report
        Case reports already at hand.
    studies : mapping of str to Study, optional
        Studies already at hand.

    Returns
    -------
    Ledger

    Raises
    ------
    RubricError
        The data file names a measure that does not exist.
    """
    found = measures(reports, studies)
    content = read_data(CLAIMS)
    check_fields("claims.json", content, ("source", "claims"))
    claims = []
    for entry in entries("claims.json", content, "claims"):
        where = f"claims.json: claim {entry.get('id') if isinstance(entry, dict) else entry!r}"
        check_fields(
            where,
            entry,
            ("id", "abstract", "sentence", "value", "digits", "variants"),
            ("unit", "measure", "reason"),
        )
        finite_number(f"{where}: value", entry["value"])
        finite_number(f"{where}: digits", entry["digits"])
        for option in entries(where, entry, "variants"):
            check_fields(f"{where}: variants", option, ("measure", "label"))
        names = [n for n in (entry["measure"], *(v["measure"] for v in entry["variants"])) if n is not None]
        for name in names:
            if name not in list(found):  # not by its hash: it may be a list
                raise RubricError(f"{where}: unknown measure {name!r}; {nearest(name, found)}")
        half = 0.5 * 10.0 ** -entry["digits"] + 1e-9
        ours = None if entry["measure"] is None else found[entry["measure"]]
        verdict: Verdict = "not reproducible"
        variant, value = "", None
        if ours is not None and abs(ours - entry["value"]) <= half:
            verdict = "reproduced"
        else:
            for option in entry["variants"]:
                if abs(found[option["measure"]] - entry["value"]) <= half:
                    verdict, variant, value = (
                        "reproduced by a variant",
                        option["label"],
                        found[option["measure"]],
                    )
                    break
        reason = ""
        if verdict == "not reproducible":
            reason = entry["reason"] or "no variant of the model gives it"
            for name in found:
                reason = reason.replace(f"{{{name}}}", f"{found[name]:,.0f}")
        claims.append(
            Claim(
                entry["id"],
                entry["abstract"],
                entry["sentence"],
                entry["unit"],
                entry["value"],
                entry["digits"],
                ours,
                verdict,
                variant,
                value,
                reason,
            )
        )
    return Ledger(content["source"], tuple(claims))
