"""The contract of `storage.store.Store`: one suite that every implementation passes."""

import pytest

from tests.clock import ManualClock
from tests.contract.store_kit import PATH, Answer, Send, exists, put, read, stream
from tests.contract.store_reading import ReadingContract
from tests.contract.store_signed_urls import SignedUrlContract
from tests.contract.store_writing import WritingContract

__all__ = ["PATH", "Answer", "ManualClock", "Send", "StoreContract", "exists", "put", "read", "stream"]


class StoreContract(WritingContract, ReadingContract, SignedUrlContract):
    """Subclass it as `Test…` and supply two fixtures: `store`, empty and on `clock`, and `send`."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()
