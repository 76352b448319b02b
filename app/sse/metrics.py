"""What the hub counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class HubMetrics:
    """Streams open, events replayed from the log, streams that had to start over, slow clients cut off."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.open = Gauge("media_streams_open", "Event streams open.", registry=registry, multiprocess_mode="livesum")
        self.delivered = Counter("media_events_delivered_total", "Live events written to streams.", registry=registry)
        self.replayed = Counter("media_events_replayed_total", "Events read from the log.", registry=registry)
        self.resets = Counter("media_stream_resets_total", "Streams that could not be resumed.", registry=registry)
        self.dropped = Counter("media_slow_clients_total", "Clients cut off: they did not read.", registry=registry)
