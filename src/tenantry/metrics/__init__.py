"""What Prometheus reads: the numbers of a warehouse as metrics, over HTTP."""

from tenantry.metrics.cache import Cache
from tenantry.metrics.exposition import content_type, exposition, named, require_client, written
from tenantry.metrics.pages import Answer, answer, health

__all__ = [
    "Answer",
    "Cache",
    "answer",
    "content_type",
    "exposition",
    "health",
    "named",
    "require_client",
    "written",
]
