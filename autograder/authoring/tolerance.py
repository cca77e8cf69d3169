"""The bound of a figure, from figures of right answers: a one-sided tolerance bound. Trusted side.

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

STEP = 0.001  # floors and bands of shares are stated to a tenth of a percent
DIGITS = 3  # significant ones of the mean, to which those of errors are


@dataclass(frozen=True)
class Bound:
    """What follows from the accuracies of n seeds.

    Attributes:
        seeds: n.
        mean: Mean of the accuracies.
        deviation: Their standard deviation.
        floor: The bound, rounded down; of an error the ceiling, rounded up.
        unsure: Its standard error, rounded up: s·√(1/n + k²/(2(n - 1))). A figure so little beyond the bound might be
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


def bound(accuracies: Sequence[float], *, error: bool = False) -> Bound:
    """The bound that follows from figures of right answers.

    Args:
        accuracies: One for each seed.
        error: Whether small ones are good ones.
    """
    n = len(accuracies)
    mean, deviation = statistics.fmean(accuracies), statistics.stdev(accuracies)
    k = tolerance_factor(n)
    spread = deviation * math.sqrt(1 / n + k**2 / (2 * (n - 1)))
    step = 10.0 ** (math.floor(math.log10(mean)) - DIGITS + 1) if error and mean > 0 else STEP
    digits = max(0, round(-math.log10(step)))
    if error:
        limit = math.ceil((mean + k * deviation) / step - 1e-9) * step
    else:
        limit = max(0.0, math.floor((mean - k * deviation) / step + 1e-9) * step)
    return Bound(n, mean, deviation, round(limit, digits), round(math.ceil(spread / step - 1e-9) * step, digits))
