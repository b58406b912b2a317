"""What the README tells a reader to type."""

from __future__ import annotations

import re

from distribution.installing import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON_BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
#: The block of commands that begins with an installation; comments stand behind a command.
BY_HAND = next(block for block in re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL) if "pip install" in block)
INSTALL, *COMMANDS = [line.partition("  #")[0].strip() for line in BY_HAND.splitlines() if line.strip()]
#: The extras that it installs.
EXTRAS = re.fullmatch(r"pip install -e '\.(\[[a-z0-9,]+\])'", INSTALL)[1]
