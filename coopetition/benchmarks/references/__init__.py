"""What the suite is compared with: implementations of the two-agent trust game, and empty environments.

Each implementation was written for this benchmark from the formulas of the reports, in the way that people who
use its tool write it. All of them play the game of `Constants`, and `tests/benchmarks` compares them with the package.
"""
