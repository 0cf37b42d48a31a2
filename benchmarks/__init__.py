"""Measurements: every figure is a ratio against something else in the same run."""
