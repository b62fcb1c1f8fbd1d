"""The laboratory: models sampled on a suite, controls sampled where they are needed, and all of it reckoned up."""
