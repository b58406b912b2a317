"""Write the table of `docs/interfaces.md` that says on what scale rewards are.

Run it from the repository's root: ``python docs/reward_scale.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import coopetition

PAGE = Path(__file__).parent / "interfaces.md"
RATES = (0.0, 0.5, 1.0)
MODES = ("private", "integrated")
MARKS = re.compile(r"(<!-- scale -->\n).*?(<!-- /scale -->)", flags=re.DOTALL)


def mean_rewards(environment_id: str, mode: str) -> np.ndarray:
    """Mean reward of an agent and step, when everybody plays each of `RATES` for a whole episode."""
    batch = coopetition.batch(
        environment_id, num_envs=len(RATES), reward_mode=mode, autoreset="disabled", observe=False
    )
    batch.reset(seed=0)
    actions = np.broadcast_to(np.array(RATES)[:, np.newaxis], (len(RATES), batch.game.n))
    played = batch.rollout("actions", actions=np.broadcast_to(actions, (batch.game.horizon, *actions.shape)).copy())
    found: np.ndarray = played.returns.mean(axis=1) / played.lengths
    return found


def table() -> str:
    """A row for each environment."""
    lines = [
        "| environment | private: nobody gives | half | all | integrated: nobody gives | half | all |",
        "|---|" + "---:|" * 6,
    ]
    for name in (*coopetition.ENVIRONMENT_IDS, *coopetition.STRONG_IDS):
        cells = [f"{reward:,.1f}" for mode in MODES for reward in mean_rewards(name, mode)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table between its marks."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(MARKS.sub(lambda found: found[1] + table() + found[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
