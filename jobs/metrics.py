"""What the lifecycle counts: jobs and uploads as they come and end, and what had to be repaired."""

from prometheus_client import CollectorRegistry, Counter

from jobs.job import Job
from schema.responses import JobKind


class JobMetrics:
    """Told after the commit: what was rolled back did not happen."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._submitted = Counter("media_jobs_submitted_total", "Jobs accepted.", ["kind"], registry=registry)
        self._finished = Counter("media_jobs_finished_total", "Jobs ended.", ["kind", "outcome"], registry=registry)
        self._completed = Counter("media_uploads_completed_total", "Uploads whose bytes arrived.", registry=registry)
        self._bytes = Counter("media_upload_bytes_total", "Bytes of uploads that arrived.", registry=registry)
        self._uploads = Counter("media_uploads_finished_total", "Uploads ended.", ["outcome"], registry=registry)
        self._repairs = Counter(
            "media_sweeper_repairs_total", "What the sweeper repaired.", ["repair"], registry=registry
        )

    def submitted(self, kind: JobKind) -> None:
        """A job was accepted; for an upload: it was opened."""
        self._submitted.labels(kind).inc()

    def finished(self, job: Job) -> None:
        """A job came to its end; an upload that failed is counted by its error's code."""
        self._finished.labels(job.kind, job.status).inc()
        if job.kind == "upload":
            code = (job.error or {}).get("code", job.status)
            self._uploads.labels("succeeded" if job.status == "succeeded" else code).inc()

    def completed(self, size: int) -> None:
        """An upload's bytes are all there, as many as `size`."""
        self._completed.inc()
        self._bytes.inc(size)

    def repaired(self, repair: str, count: int) -> None:
        """The sweeper found so many."""
        self._repairs.labels(repair).inc(count)
