"""Generation: a provider makes media, and each output is stored and described as soon as it is there."""

from collections.abc import Mapping

from actors.errand import RunErrand
from actors.outputs import OutputShelf
from actors.providers.base import GenerationRequest, Missing, Provider, ProviderError
from actors.work import Refused, Run
from jobs.job import Job, Media
from jobs.tracing import NO_TRACING, Attributes, Tracing
from schema.problems import PROBLEMS


class GenerationWork:
    """Chooses the provider by the job's model. Implements `Work`."""

    def __init__(self, providers: Mapping[str, Provider], shelf: OutputShelf, tracing: Tracing = NO_TRACING) -> None:
        self._providers = providers
        self._shelf = shelf
        self._tracing = tracing

    async def __call__(self, run: Run) -> list[Media]:
        request = generation_request(run.job)
        provider = self._providers.get(request.model)
        if provider is None:
            raise _refused("model_retired")
        run.report.expect(files=request.n)
        try:
            media = await self._generate(provider, request, run)
        except ProviderError as error:
            raise Refused(
                error.code, error.message, retryable=error.retryable, retry_after=error.retry_after
            ) from error
        if not media:
            raise _refused("no_output")
        return media

    async def _generate(self, provider: Provider, request: GenerationRequest, run: Run) -> list[Media]:
        media = []
        about: Attributes = {"media.provider": provider.name, "media.model": request.model, "media.outputs": request.n}
        with self._tracing.span("provider call", "client", about):
            async with provider.generate(request, run.report, run.scratch, RunErrand()) as outputs:
                async for output in outputs:
                    if isinstance(output, Missing):
                        continue
                    media.append(await self._shelf.put(run, request, output))
                    run.report.stored()
        return media


def _refused(code: str) -> Refused:
    return Refused(code, PROBLEMS[code].title, retryable=PROBLEMS[code].retryable)


def generation_request(job: Job) -> GenerationRequest:
    """What a provider gets of a job's request."""
    asked = job.request
    return GenerationRequest(
        job_id=job.id,
        kind="video" if job.kind == "video" else "image",
        model=asked["model"],
        prompt=asked["prompt"],
        n=asked["n"],
        width=asked["width"],
        height=asked["height"],
        seed=asked["seed"],
        negative_prompt=asked.get("negativePrompt") or "",
        duration_seconds=asked.get("durationSeconds"),
        fps=asked.get("fps"),
        options=asked.get("options", {}),
    )
