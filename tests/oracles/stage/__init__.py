"""Tests of the stage game's oracles."""
