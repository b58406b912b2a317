"""The long description: README.md as it can stand on a package page, where relative links lead nowhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

from setuptools import setup

#: Address of the repository, if it has one: its files lie under ``/blob/main/``, its pictures under ``/raw/main/``.
HOME = "COOPETITION_HOME_URL"


def package_page(readme: str, home: str = "") -> str:
    """The README with absolute links and pictures; without an address, with the text of links and no pictures.

    Links within the page and absolute ones stay as they are.
    """
    home = home.rstrip("/")

    def picture(found: re.Match[str]) -> str:
        return f"![{found[1]}]({home}/raw/main/{found[2]})" if home else ""

    def link(found: re.Match[str]) -> str:
        return f"[{found[1]}]({home}/blob/main/{found[2]})" if home else found[1]

    relative = r"((?!https?://|#)[^)\s]+)\)"
    without_pictures = re.sub(r"!\[([^\]]*)\]\(" + relative, picture, readme)
    text = re.sub(r"(?<!!)\[([^\]]*)\]\(" + relative, link, without_pictures)
    return re.sub(r"\n{3,}", "\n\n", text)


if __name__ == "__main__":
    page = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
    setup(
        long_description=package_page(page, os.environ.get(HOME, "")),
        long_description_content_type="text/markdown",
    )
