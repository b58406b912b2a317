"""Pages of environments, written from the game itself: for ``coopetition show`` and the docs."""

from __future__ import annotations

from coopetition.pages.page import SECTIONS, page, sections
from coopetition.pages.results import results

__all__ = ["SECTIONS", "page", "results", "sections"]
