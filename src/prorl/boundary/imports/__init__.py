"""Samples that others made, as sample tables."""
