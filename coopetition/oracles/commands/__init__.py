"""Commands of the command line: `solve` and `dilemma`, a file each."""
