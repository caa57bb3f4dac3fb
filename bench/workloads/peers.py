"""x"""

from bench.lab import Lab
from bench.report import Table


def measure(lab: Lab) -> list[Table]:
    return []
