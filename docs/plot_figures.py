"""Write the figures of docs/howto/figures.md: ``python docs/plot_figures.py``, some seconds.

The pieces of code on that page are what is run here, in their order; each writes the figure that stands under it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGE = HERE / "howto" / "figures.md"
FIGURES = HERE / "figures" / "plots"


def pieces() -> list[str]:
    """The page's Python, piece by piece."""
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.S)


def main() -> None:
    """Run the page in the folder of its figures."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    os.chdir(FIGURES)
    names: dict[str, Any] = {}
    for piece in pieces():
        exec(compile(piece, str(PAGE), "exec"), names)


if __name__ == "__main__":
    main()
