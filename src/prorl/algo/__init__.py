"""Objectives as pure functions of tensors; docs/algorithms.md has the formulas, the recipes and their sources."""
