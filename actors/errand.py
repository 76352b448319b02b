"""The errand of one run: the provider's own job, by the id that the provider gave it."""


class RunErrand:
    """Implements the providers' `Errand`."""

    def __init__(self, id: str | None = None) -> None:
        self.id = id
        # Nothing outlives the run yet, so nobody would pick it up.
        self.goes_on = False
        self.billed = 0.0

    async def note(self, id: str) -> None:
        """The provider accepted it."""
        self.id = id

    async def forget(self) -> None:
        """There is nothing to pick up."""
        self.id = None

    def cost(self, amount: float) -> None:
        """What it cost, in US dollars."""
        self.billed += amount
