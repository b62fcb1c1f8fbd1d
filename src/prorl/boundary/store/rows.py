"""The columns of stored samples."""

from __future__ import annotations

import polars as pl

from prorl.boundary import samples

SCHEMA = pl.Schema(
    {
        **samples.SCHEMA,
        "answer": pl.String(),
        "logprob": pl.Float64(),
        "ids": pl.List(pl.Int32()),
    }
)
"""A sample table (`boundary.samples`) and: `answer`, what the verifier read from the text, or null; `logprob`, the sum
over the tokens in nats, over the distribution that was sampled from; `ids`, the tokens themselves."""

VERDICT = ("score", "tolerant_score", "outcome", "answer")
"""The columns that a verifier decides."""

WHO = ("task", "problem", "sample")
"""The columns that tell a sample from the others of its key."""
