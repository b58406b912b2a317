"""Coopetition: twenty closed-form mixed-motive multi-agent environments."""

__version__ = "0.1.0"
