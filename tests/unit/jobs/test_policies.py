"""How the limits of uploads are told to a person."""

import pytest

from jobs.policies import size_in_words


@pytest.mark.parametrize(
    ("count", "words"), [(50 * 2**20, "50 MiB"), (100 * 2**30, "102,400 MiB"), (3_000_000, "3,000,000 bytes")]
)
def test_a_size_is_told_in_whole_mebibytes_or_exactly(count: int, words: str) -> None:
    assert size_in_words(count) == words
