"""B copies of a game, stepped by one kernel call."""
