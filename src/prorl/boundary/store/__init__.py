"""Samples on the disk: Parquet parts that are only ever added, and verdicts beside them."""
