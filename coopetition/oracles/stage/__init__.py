"""The stage game: one step of an environment as a continuous game, and its solution concepts, a file each."""
