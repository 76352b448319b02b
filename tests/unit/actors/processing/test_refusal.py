"""Whose fault a failure is: the file's or the machine's."""

import errno

import pytest

from actors.processing.refusal import Refused, judging


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (ValueError("broken"), "undecodable"),
        (OSError("image file is truncated (3 bytes not processed)"), "truncated"),
        (OSError(errno.EFBIG, "File too large"), "too_large"),
        (MemoryError(), "memory"),
        (SystemError("error return without exception set"), "undecodable"),
        (RecursionError(), "undecodable"),
        (UserWarning("odd"), "undecodable"),
        (Refused("codec"), "codec"),
    ],
)
def test_what_a_parser_raises_is_the_files_fault(raised: Exception, reason: str) -> None:
    with pytest.raises(Refused) as caught, judging():
        raise raised

    assert caught.value.reason == reason


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.EIO, errno.ENOENT])
def test_an_exhausted_machine_is_not_the_files_fault(code: int) -> None:
    with pytest.raises(OSError, match="busy"), judging():
        raise OSError(code, "busy")


def test_a_library_that_is_missing_is_not_the_files_fault() -> None:
    with pytest.raises(ImportError), judging():
        raise ImportError("libavif.so")


def test_the_cause_names_the_exception_and_not_its_text() -> None:
    with pytest.raises(Refused) as caught, judging():
        raise ValueError("GPS 48.8577")

    assert caught.value.cause.startswith("ValueError at ")
    assert "48" not in caught.value.cause.partition(" at ")[0]
