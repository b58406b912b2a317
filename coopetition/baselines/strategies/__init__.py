"""Strategies of the literature on reciprocity, in continuous form: a file each, written on what an agent sees."""
