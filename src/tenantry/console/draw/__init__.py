"""Pictures made of SVG, without a script or a style of their own: classes in static/console.css give them colours."""

from tenantry.console.draw import calendar, chart
from tenantry.console.draw.difference import difference
from tenantry.console.draw.strip import strip
from tenantry.console.draw.timeline import timeline

__all__ = ["calendar", "chart", "difference", "strip", "timeline"]
