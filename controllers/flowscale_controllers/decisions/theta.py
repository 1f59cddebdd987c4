"""The statistics library's forecaster, loaded only where a deployment asks for predictions and has a history."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Theta:
    """The Theta method on the deseasonalised series (Assimakopoulos and Nikolopoulos 2000), by statsmodels."""

    season: int

    def __call__(self, history: Sequence[int], steps: int) -> list[float]:
        import numpy as np
        from statsmodels.tsa.forecasting.theta import ThetaModel  # heavy, and rarely needed

        if len(history) < 2 * self.season or not any(history):
            return [0.0] * steps
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of flat stretches, which traffic has every night
            fitted = ThetaModel(np.asarray(history, float), period=self.season, method="additive").fit()
            return [max(0.0, float(count)) for count in fitted.forecast(steps)]
