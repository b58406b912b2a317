"""The four reports' parameter studies."""

from .study import STUDIES, Study, Target, experiment

__all__ = ["STUDIES", "Study", "Target", "experiment"]
