"""Figures, and moving ones: episodes, trust and loyalty, stage games, dilemmas, learning, cross-play, sweeps.

Every function returns a `matplotlib.figure.Figure`, or writes it where a ``path`` is given. Matplotlib is the extra
``plot``; it is imported when something is drawn, and never through pyplot, so that drawing leaves no global state
behind and works without a display.

An agent has the same colour in all of them, `agent_colour`; so has a reward mode, `MODE_COLOURS`.
"""

from __future__ import annotations

from coopetition.plot.bonding import bonds
from coopetition.plot.episodes import episode, frame
from coopetition.plot.stage import payoff_surface
from coopetition.plot.style import COLOURS, DPI, INK, MODE_COLOURS, agent_colour, require_matplotlib

__all__ = [
    "COLOURS",
    "DPI",
    "INK",
    "MODE_COLOURS",
    "agent_colour",
    "bonds",
    "episode",
    "frame",
    "payoff_surface",
    "require_matplotlib",
]
