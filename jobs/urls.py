"""The URLs that the API gives: nobody else builds one."""

from dataclasses import dataclass

from schema.responses import JobUrls


@dataclass(frozen=True, slots=True)
class Urls:
    """`public_url` is scheme and authority; `base_path` is empty or begins with a slash."""

    public_url: str
    base_path: str = ""

    @property
    def root(self) -> str:
        """The absolute URL under which everything of the service stands."""
        return self.public_url + self.base_path

    def file(self, key: str) -> str:
        """The permanent URL of an object of a library."""
        return f"{self.root}/files/{key}"

    def job(self, job_id: str) -> JobUrls:
        """The absolute paths of a job's resources."""
        path = f"{self.base_path}/jobs/{job_id}"
        return JobUrls(self=path, events=f"{path}/events", cancel=f"{path}/cancel")
