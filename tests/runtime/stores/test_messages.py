"""Notifications between processes: nothing is lost but what doesn't fit, nothing is too long."""

from hypothesis import given
from hypothesis import strategies as st

from flowscale_runtime.stores.messages import LONGEST, pack, unpack
from flowscale_runtime.stores.values import Event

EVENTS = st.lists(
    st.builds(
        Event,
        st.text(max_size=36),
        st.integers(0, 50),
        st.sampled_from(["queued", "progress", "output", "completed"]),
        st.dictionaries(
            st.text(max_size=20), st.one_of(st.text(max_size=5000), st.integers(-(2**53), 2**53))
        ),
    ),
    max_size=40,
)


@given(EVENTS)
def test_events_come_out_as_they_went_in_and_each_text_fits(events):
    texts = list(pack("me", events))
    assert all(len(text.encode()) < LONGEST + 1 for text in texts)
    came = [pair for text in texts for pair in unpack(text, "you")]
    assert [(event.run_id, event.sequence, event.type) for event, _ in came] == [
        (event.run_id, event.sequence, event.type) for event in events
    ]
    assert all(event.data == sent.data for (event, whole), sent in zip(came, events, strict=True) if whole)
    assert all(not event.data for event, whole in came if not whole)


def test_what_we_sent_ourselves_is_left_out():
    [text] = pack("me", [Event("r", 1, "queued", {})])
    assert unpack(text, "me") == []


def test_an_event_that_is_too_long_comes_without_its_data():
    [text] = pack("me", [Event("r", 3, "failed", {"error": "x" * 9000})])
    assert unpack(text, "you") == [(Event("r", 3, "failed", {}), False)]


def test_images_stay_behind():
    [text] = pack("me", [Event("r", 0, "preview", {"node_id": "1", "image": b"png"})])
    assert unpack(text, "you") == [(Event("r", 0, "preview", {"node_id": "1"}), True)]


def test_many_events_share_a_text():
    assert len(list(pack("me", [Event("r", n, "output", {}) for n in range(100)]))) == 1
