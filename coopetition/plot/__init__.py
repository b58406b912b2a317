"""Figures, and moving ones: episodes, trust and loyalty, stage games, dilemmas, learning, cross-play, sweeps.

Every function returns a `matplotlib.figure.Figure`, or writes it where a ``path`` is given. Matplotlib is the extra
``plot``; it is imported when something is drawn, and never through pyplot, so that drawing leaves no global state
behind and works without a display.

An agent has the same colour in all of them, `agent_colour`; so has a reward mode, `MODE_COLOURS`.
"""

from __future__ import annotations

from coopetition.plot.bonding import bonds
from coopetition.plot.dilemmas import along, schelling
from coopetition.plot.episodes import episode, frame
from coopetition.plot.learnt import cross_play, learning_curves, sweep
from coopetition.plot.moving import animate
from coopetition.plot.responses import measured_responses, response_curves, response_surface
from coopetition.plot.stage import payoff_surface
from coopetition.plot.style import COLOURS, DPI, INK, MODE_COLOURS, agent_colour, require_matplotlib

__all__ = [
    "COLOURS",
    "DPI",
    "INK",
    "MODE_COLOURS",
    "agent_colour",
    "along",
    "animate",
    "bonds",
    "cross_play",
    "episode",
    "frame",
    "learning_curves",
    "measured_responses",
    "payoff_surface",
    "require_matplotlib",
    "response_curves",
    "response_surface",
    "schelling",
    "sweep",
]
