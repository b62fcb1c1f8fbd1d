"""Prolonged reinforcement learning for language models, and an honest measure of what it changed."""

__version__ = "0.1.0"
