"""Train and freeze the learners that play in held-out scenarios, where they are missing: ten minutes for all games.

python benchmarks/study/backgrounds.py [environment ...]
"""

from __future__ import annotations

import sys

from coopetition.registration import ENVIRONMENT_IDS, STRONG_IDS
from coopetition.study.backgrounds import make_backgrounds

if __name__ == "__main__":
    make_backgrounds(sys.argv[1:] or (*ENVIRONMENT_IDS, *STRONG_IDS), told=lambda path: print(path, flush=True))
