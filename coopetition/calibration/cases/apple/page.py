"""What the page of the App Store shows: the run against the reference, notes, figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.figures import BLACK, BLUE, GREY, ORANGE, SKY, phase_bands

if TYPE_CHECKING:
    from ...engine.report import Report


def comparison(report: Report) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Each actor's mean by phase against the reference."""
    record = report.case.record
    means = np.asarray(report.run.series["phase_means"])
    rows: list[tuple[str, ...]] = []
    for k, phase in enumerate(record.phases):
        reference = phase.values["reference_means"]
        for i, player in enumerate(record.players):
            rows.append(
                (
                    f"{phase.name}, quarters {phase.start}-{phase.end}",
                    player,
                    f"{reference[i]:.2f}",
                    f"{means[k, i]:.3f}",
                    f"{means[k, i] - reference[i]:+.3f}",
                )
            )
    return ("phase", "quantity", "reference", "run", "difference"), rows


def notes(report: Report) -> tuple[str, ...]:
    """The score over seeds of the noise."""
    seeds = report.published.seeds
    if seeds is None:
        return ()
    return (
        f"Over {len(seeds.scores)} seeds of the noise the score is {seeds.scores.mean():.1f} on average, "
        f"{seeds.scores.min():g} to {seeds.scores.max():g}; the published run is one of them.",
    )


def draw(figure: Any, spec: Any, report: Report) -> None:
    """Each actor's path beside the reference points and the means of the phases."""
    axes = [figure.add_subplot(s) for s in spec.subgridspec(1, 3, wspace=0.12)]
    record = report.case.record
    actions = report.run.series["actions"]
    quiet = report.runs.variants[1].series["actions"]
    t = np.arange(67)
    for i, (ax, player) in enumerate(zip(axes, record.players, strict=True)):
        phase_bands(ax, report, names=False)
        for k, phase in enumerate(record.phases):
            ax.annotate(
                phase.name[0].upper(),
                ((phase.start + phase.end) / 2, 0.015),
                xycoords=("data", "axes fraction"),
                ha="center",
                fontsize=8,
                color=GREY,
            )
            ax.hlines(
                phase.values["reference_means"][i],
                phase.start,
                phase.end,
                color=BLACK,
                lw=1.2,
                ls="--",
                label="reference, phase mean" if k == 0 else None,
            )
        ax.plot(
            record["reference_quarters"],
            record["reference_points"][player],
            "o",
            color=ORANGE,
            mec="white",
            ms=5.5,
            label="reference point (authors' figure)",
        )
        ax.plot(t, quiet[:, i], color=SKY, lw=1.4, label="model, no noise")
        ax.plot(t, actions[:, i], color=BLUE, lw=1.8, label="model, seed 42")
        ax.set(xlim=(0, 66), ylim=(0, 1.08), xlabel="quarter", title=player.replace("_", " "))
        if i:
            ax.set_yticklabels([])
    axes[0].set_ylabel("cooperation")
    initials = ", ".join(f"{p.name[0].upper()} {p.name}" for p in record.phases)
    axes[1].set_xlabel(f"quarter  ({initials})")
    for ax in (axes[0], axes[2]):
        ax.set_xlabel("")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="upper right", ncols=4, bbox_to_anchor=(0.985, 0.945))
