"""Doing what people have asked for: workers that take actions and carry them out.

Modules that only some programs need are imported where they are used, as in `tenantry.warehouse`.
"""

from tenantry.actions.worker import Worker

__all__ = ["Worker"]
