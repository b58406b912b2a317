"""Tests of the episode oracles."""
