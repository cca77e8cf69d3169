"""The floor of an accuracy, from accuracies of right answers: a one-sided tolerance bound. Trusted side.

A right answer's accuracy moves with its seed. From n of them (taken as normally distributed, mean m, standard deviation
s) the bound m - k·s lies below a share 1 - RATE of all right answers, with confidence CONFIDENCE. The factor k comes
from the non-central t distribution: k = t(CONFIDENCE; n - 1, z·√n) / √n, with z the standard normal quantile of
1 - RATE.
Source: NIST/SEMATECH e-Handbook of Statistical Methods, section 7.2.6.3, "Tolerance intervals for a normal
distribution". The sampling of the inputs adds no variance: floor and
verdict are of the same inputs.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["CONFIDENCE", "RATE", "Bound", "bound", "tolerance_factor"]

RATE = 0.001
"""False-fail rate: the largest share of right answers that may fall below a floor."""

CONFIDENCE = 0.95
"""How sure it is that the rate holds."""

STEP = 0.001  # floors and bands are stated to a tenth of a percent


@dataclass(frozen=True)
class Bound:
    """What follows from the accuracies of n seeds.

    Attributes:
        seeds: n.
        mean: Mean of the accuracies.
        deviation: Their standard deviation.
        floor: The bound, rounded down to a tenth of a percent.
        unsure: Its standard error, rounded up: s·√(1/n + k²/(2(n - 1))). An accuracy so close below a floor might be
            that of a right answer; a person decides.
    """

    seeds: int
    mean: float
    deviation: float
    floor: float
    unsure: float


def tolerance_factor(n: int, rate: float = RATE, confidence: float = CONFIDENCE) -> float:
    """The factor k of a one-sided tolerance bound from n values.

    Raises:
        ValueError: n is less than 2.
    """
    from scipy.stats import nct

    if n < 2:
        raise ValueError(f"a tolerance bound needs at least two values. Received: n={n}")
    shift = statistics.NormalDist().inv_cdf(1 - rate) * math.sqrt(n)
    return float(nct.ppf(confidence, n - 1, shift)) / math.sqrt(n)


def bound(accuracies: Sequence[float]) -> Bound:
    """The floor that follows from accuracies of right answers.

    Args:
        accuracies: One for each seed, from 0 to 1.
    """
    n = len(accuracies)
    mean, deviation = statistics.fmean(accuracies), statistics.stdev(accuracies)
    k = tolerance_factor(n)
    error = deviation * math.sqrt(1 / n + k**2 / (2 * (n - 1)))
    floor = max(0.0, math.floor((mean - k * deviation) / STEP + 1e-9) * STEP)
    return Bound(n, mean, deviation, round(floor, 3), round(math.ceil(error / STEP - 1e-9) * STEP, 3))
