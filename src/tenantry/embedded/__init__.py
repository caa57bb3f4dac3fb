"""Tenantry's own PostgreSQL server, for users who have none. See `Server`."""

from tenantry.embedded.directory import default_directory
from tenantry.embedded.ports import find_free_port
from tenantry.embedded.server import Server, ServerStatus

__all__ = ["Server", "ServerStatus", "default_directory", "find_free_port"]
