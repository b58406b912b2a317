"""Pages of environments, written from the game itself: for ``coopetition show`` and the docs."""

from __future__ import annotations

from coopetition.pages.page import SECTIONS, page, sections

__all__ = ["SECTIONS", "page", "sections"]
