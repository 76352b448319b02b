"""The table in docs/observability.md is what a running service has in its registry."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from app.keys import METRICS
from tests.acceptance.service import in_process
from tests.issuer import IssuerSite, document_of, issuing

PAGE = Path(__file__).parents[2] / "docs" / "observability.md"
ROW = re.compile(r"^\| `(media_\w+)` \| (\w+) \| ((?:`\w+` ?)*)\|", re.MULTILINE)


def registered(registry: CollectorRegistry) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The type and the labels of each of our metrics."""
    found = {}
    for collector in registry._collector_to_names:
        for family in collector.collect():
            if family.name.startswith("media_"):
                labels = tuple(getattr(collector, "_labelnames", ()) or getattr(family, "_labelnames", ()))
                name = f"{family.name}_total" if family.type == "counter" else family.name
                found[name] = (family.type, labels)
    return found


async def test_the_page_lists_every_metric_with_its_type_and_labels(tmp_path: Path) -> None:
    documented = {
        name: (kind, tuple(re.findall(r"\w+", labels))) for name, kind, labels in ROW.findall(PAGE.read_text("utf-8"))
    }

    async with issuing(IssuerSite(document_of())) as site, in_process(tmp_path, auth_jwks_url=site.url) as service:
        assert registered(service.app[METRICS]) == documented
