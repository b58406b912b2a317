"""Tests of the meta oracles."""
