"""Forecasts of spending, and how far off they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.gateway.control.forecasting import METHODS, backtest, forecast, weekday_means

API = "/api/v1"
WEEKDAYS = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]


def test_a_weekly_pattern_goes_on() -> None:
    found = forecast(WEEKDAYS * 5, 9)
    assert (found.days, found.error) == ([*WEEKDAYS, 1.0, 2.0], 0.0)


def test_an_average_week_beats_the_last_one_where_weeks_differ_by_chance() -> None:
    history = [day + (10 if week % 2 else -10) for week in range(8) for day in WEEKDAYS]
    found = forecast(history, 7)
    assert found.method == "weekday_means"
    assert found.error is not None
    assert found.naive_error is not None
    assert found.error < found.naive_error


@pytest.mark.parametrize("history", [[], [3.0], [1.0] * 13])
def test_a_short_past_states_no_error(history: list[float]) -> None:
    found = forecast(history, 3)
    assert (found.error, found.naive_error) == (None, None)
    assert found.days == [pytest.approx(sum(history[-7:]) / max(len(history[-7:]), 1))] * 3


def test_weekdays_are_averaged_over_four_weeks() -> None:
    history = [100.0] * 7 + [float(week) for week in range(4) for _ in range(7)]
    assert weekday_means(history, 7) == [1.5] * 7


@given(st.lists(st.floats(0, 1e6), max_size=70), st.integers(1, 40))
def test_the_chosen_method_was_never_worse_than_the_naive_one(history: list[float], horizon: int) -> None:
    found = forecast(history, horizon)
    assert len(found.days) == horizon
    assert min(found.days) >= 0
    if found.naive_error is not None:
        assert found.error == min(backtest(method, history) for method in METHODS.values())


async def test_the_route_forecasts_from_what_runs_cost(server, kit):
    await server.serve(kit.WORKFLOW, kit.deployment("words", gpu="L4"))
    for _ in range(3):
        await server.run()
        server.clock.ahead += 24 * 3600
    reply = await server.client.get(f"{API}/usage/forecast?days=2")
    usage = await server.client.get(f"{API}/usage")
    data = reply.json()["data"]
    daily = usage.json()["data"]["total"]["cost"] / 3
    assert [day["cost"] for day in data["days"]] == [pytest.approx(daily, abs=1e-5)] * 2
    assert (data["method"], data["error"]) == ("recent_level", None)
