"""Arrivals in buckets of a quarter of an hour, for forecasts, and what is expected from them."""

from __future__ import annotations

from dataclasses import dataclass, field

from flowscale_controllers.decisions import forecast
from flowscale_controllers.decisions.theta import Theta

KEPT = 3 * forecast.WEEK


@dataclass(slots=True)
class Traffic:
    """The history of one deployment. `counted` is the gateway's counter when the running bucket began."""

    counts: list[int] = field(default_factory=list)
    bucket: int | None = None
    counted: int = 0
    chosen: forecast.Forecast | None = None
    chosen_on: int = -1

    def observe(self, arrivals: int, now: float) -> None:
        """Takes the gateway's counter; buckets that were missed count as empty."""
        current = int(now // forecast.BUCKET)
        if self.bucket is None or arrivals < self.counted:
            self.bucket, self.counted = current, arrivals
        elif current > self.bucket:
            self.counts += [arrivals - self.counted, *[0] * (current - self.bucket - 1)]
            del self.counts[:-KEPT]
            self.bucket, self.counted = current, arrivals

    def expected(self, now: float, ahead: float) -> float | None:
        """Runs a second by then; once a day the forecast is chosen anew."""
        today = int(now // 86400)
        if self.chosen is None or self.chosen_on != today:
            self.chosen, self.chosen_on = forecast.choose(self.counts, Theta), today
        return forecast.rate(self.chosen, self.counts, now, ahead)
