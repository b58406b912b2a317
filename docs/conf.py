"""Sphinx settings. Pages of environments and learners are written from docstrings before each build."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))

import pages  # noqa: E402

import coopetition  # noqa: E402

project = "coopetition"
author = "The coopetition maintainers"
version = release = coopetition.__version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"coopetition {version}"
html_copy_source = False
html_show_copyright = False
# Formulas stand in plain blocks, so that a page reads the same in a terminal.
highlight_language = "none"
myst_heading_anchors = 4

pages.write(HERE / "environments")
pages.write_algorithms(HERE / "learning")
