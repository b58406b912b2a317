"""Whole episodes: optima, equilibria, best replies, exploitability, and the scale that returns are put on."""
