"""Forecasts: the season before, and a model only where it is better on what was held out."""

import math
import random

import pytest

from flowscale_controllers.decisions import forecast
from flowscale_controllers.decisions.forecast import (
    BUCKET,
    DAY,
    WEEK,
    SeasonalNaive,
    choose,
    error,
    naive,
    rate,
)
from flowscale_controllers.decisions.theta import Theta


def days(count: int, noise: float = 0.0, growth: float = 0.0, seed: int = 1) -> list[int]:
    """Counts with a peak in the afternoon, with noise, and growing by a part each day."""
    rng = random.Random(seed)
    shape = [30 * (1 + math.sin(2 * math.pi * (bucket / DAY - 0.3))) for bucket in range(DAY)]
    return [
        max(0, round(level * (1 + growth) ** day + rng.gauss(0, noise)))
        for day in range(count)
        for level in shape
    ]


def test_the_day_before_is_repeated() -> None:
    history = days(3)
    assert SeasonalNaive(DAY)(history, 5) == pytest.approx(history[:5])


def test_a_day_that_is_busier_than_usual_is_expected_to_stay_so() -> None:
    history = days(3)
    busier = [*history, *(count * 2 for count in history[: DAY // 2])]
    ahead = SeasonalNaive(DAY)(busier, 4)
    assert ahead == pytest.approx([count * 2 for count in history[DAY // 2 : DAY // 2 + 4]], rel=0.1)


def test_weeks_are_compared_where_two_are_known() -> None:
    assert naive([1] * (2 * WEEK)).season == WEEK
    assert naive([1] * (2 * WEEK - 1)).season == DAY


def test_a_rate_covers_all_buckets_until_an_instance_would_be_ready() -> None:
    history = [0] * DAY
    history[1] = 90
    assert rate(SeasonalNaive(DAY), history, now=0.0, ahead=45.0) == 0.0
    assert rate(SeasonalNaive(DAY), history, now=BUCKET - 10.0, ahead=45.0) == pytest.approx(0.1)
    assert rate(SeasonalNaive(DAY), history[1:], now=0.0, ahead=45.0) is None


def test_the_model_is_not_even_made_while_little_is_known() -> None:
    def never(season: int) -> forecast.Forecast:
        pytest.fail("a model was asked for")

    assert choose(days(2), never) == SeasonalNaive(DAY)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_model_is_taken_where_it_is_closer_on_the_held_out_day() -> None:
    noisy = days(6, noise=15.0)
    assert error(Theta(DAY), noisy) < 0.95 * error(naive(noisy), noisy)
    assert choose(noisy, Theta) == Theta(DAY)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_season_before_stays_where_it_is_as_good() -> None:
    steady = days(5)
    assert choose(steady, Theta) == SeasonalNaive(DAY)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_silence_is_expected_after_silence() -> None:
    assert Theta(DAY)([0] * (3 * DAY), 4) == [0.0] * 4
    assert SeasonalNaive(DAY)([0] * (3 * DAY), 4) == [0.0] * 4
