"""Ids that clients resume by: exact in both directions, refused when forged, and growing as text as in time."""

from hypothesis import example, given
from hypothesis import strategies as st

from jobs.eventid import EventId

EPOCHS = st.text("0123456789abcdef", min_size=16, max_size=16)
MILLISECONDS = st.integers(0, 2**48 - 1)
SEQUENCES = st.integers(0, 2**32 - 1)
IDS = st.builds(EventId.of, EPOCHS, MILLISECONDS, SEQUENCES)


@given(IDS)
def test_an_id_reads_back_as_it_was_written(id: EventId) -> None:
    assert EventId.parse(str(id)) == id


@given(EPOCHS, st.lists(st.tuples(MILLISECONDS, SEQUENCES), min_size=2, max_size=2))
def test_ids_of_one_epoch_compare_as_text_as_their_entries_do(epoch: str, entries: list[tuple[int, int]]) -> None:
    one, other = (EventId.of(epoch, *entry) for entry in entries)

    assert (str(one) < str(other)) == (entries[0] < entries[1])


@given(EPOCHS, MILLISECONDS, st.sampled_from([0, 9, 0xFFFE, 0xFFFF, 0xFFFFF, 2**31]))
def test_the_next_entry_of_a_millisecond_has_a_greater_text(epoch: str, milliseconds: int, sequence: int) -> None:
    assert str(EventId.of(epoch, milliseconds, sequence)) < str(EventId.of(epoch, milliseconds, sequence + 1))


@given(st.text() | st.from_regex(r"[0f]{15,17}-[0f]{11,13}-[0f]{3,9}\n?", fullmatch=True))
@example(f"{'0' * 16}-{'0' * 12}-00001")
@example(f"{'0' * 16}-{'0' * 12}-0000")
def test_only_text_that_the_service_would_have_written_is_an_id(text: str) -> None:
    found = EventId.parse(text)

    assert found is None or str(found) == text


@given(EPOCHS, MILLISECONDS, SEQUENCES)
def test_an_id_names_the_entry_that_it_was_made_of(epoch: str, milliseconds: int, sequence: int) -> None:
    entry = f"{milliseconds}-{sequence}"

    assert EventId.of_entry(epoch, entry).entry == entry


@given(IDS)
def test_an_id_is_one_word_of_plain_ascii(id: EventId) -> None:
    text = str(id)

    assert text.isascii()
    assert not set(text) - set("0123456789abcdef-")
