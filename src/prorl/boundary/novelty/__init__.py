"""Overlap novelty: how much of a text can't be put together from n-grams of a corpus."""
