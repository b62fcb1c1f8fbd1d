"""Correlations and slopes of many resamples at once, by weights: how often each unit was drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prorl.boundary.estimators import Floats


def bootstrap(rng: np.random.Generator, resamples: int, units: int) -> Floats:
    """Weights [1 + resamples, units]: every unit once in the first row, drawn with replacement in the others."""
    drawn = rng.multinomial(units, np.full(units, 1 / units), resamples)
    return np.vstack([np.ones(units), drawn])


@dataclass(frozen=True, slots=True)
class Moments:
    """Variances and covariance of x and y under each row of weights: [rows]."""

    xx: Floats
    yy: Floats
    xy: Floats

    @staticmethod
    def of(weights: Floats, x: Floats, y: Floats) -> Moments:
        """`weights` are [rows, units]; x and y are [units]."""
        share = weights / weights.sum(axis=1, keepdims=True)
        mean_x, mean_y = share @ x, share @ y
        return Moments(share @ x**2 - mean_x**2, share @ y**2 - mean_y**2, share @ (x * y) - mean_x * mean_y)

    def without(self, weights: Floats, noise_x: Floats, noise_after: Floats) -> Moments:
        """The moments of the true values, when y = after − x and both carry independent noise of these variances.

        Noise in x adds its variance to that of x and of y, and takes it from the covariance.
        """
        share = weights / weights.sum(axis=1, keepdims=True)
        of_x, of_after = share @ noise_x, share @ noise_after
        return Moments(self.xx - of_x, self.yy - of_x - of_after, self.xy + of_x)

    def between_halves(self, weights: Floats, noise_x: Floats, yy: Floats, xy: Floats) -> Moments:
        """The moments of the true values, when x carries noise of this variance, and yy and xy, [rows], were taken
        between halves of the samples that have no noise in common. Nothing is assumed of the noise of x and y."""
        share = weights / weights.sum(axis=1, keepdims=True)
        return Moments(self.xx - share @ noise_x, yy, xy)

    @property
    def slope(self) -> Floats:
        """Of y on x; NaN where x doesn't vary."""
        return np.where(self.xx > 1e-12, self.xy / np.where(self.xx > 1e-12, self.xx, 1.0), np.nan)

    @property
    def pearson(self) -> Floats:
        """Pearson's correlation, within [−1, 1]; NaN where x or y doesn't vary."""
        product = np.where((self.xx > 1e-12) & (self.yy > 1e-12), self.xx * self.yy, np.nan)
        return np.clip(self.xy / np.sqrt(product), -1.0, 1.0)


def spearman(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Spearman's correlation, ties at their mean rank, under each row of weights (whole numbers): [rows]."""
    share = weights / weights.sum(axis=1, keepdims=True)
    of_x, of_y = _ranks(weights, x), _ranks(weights, y)
    of_x -= np.sum(share * of_x, axis=1, keepdims=True)
    of_y -= np.sum(share * of_y, axis=1, keepdims=True)
    xx, yy, xy = (np.sum(share * product, axis=1) for product in (of_x**2, of_y**2, of_x * of_y))
    return Moments(xx, yy, xy).pearson


def _ranks(weights: Floats, values: Floats) -> Floats:
    """Mean ranks of each unit when each counts as often as its weight says: [rows, units]."""
    order = np.argsort(values, kind="stable")
    _, starts, place = np.unique(values[order], return_index=True, return_inverse=True)
    present = np.add.reduceat(weights[:, order], starts, axis=1)
    ranks = np.empty_like(weights)
    ranks[:, order] = (np.cumsum(present, axis=1) - present / 2)[:, place]
    return ranks
