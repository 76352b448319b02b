"""Correlation: log lines written while a message is worked on carry its id and its actor's name."""

import dramatiq
import structlog
from dramatiq.broker import Broker, MessageProxy

_KEYS = ("message_id", "actor")


class Correlation(dramatiq.Middleware):
    """Binds log fields in the worker thread; the coroutine of an async actor inherits its context."""

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        structlog.contextvars.bind_contextvars(message_id=message.message_id, actor=message.actor_name)

    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: object = None, exception: BaseException | None = None
    ) -> None:
        structlog.contextvars.unbind_contextvars(*_KEYS)

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        structlog.contextvars.unbind_contextvars(*_KEYS)
