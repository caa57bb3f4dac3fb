"""placeholder"""


def demo() -> None:
    """demo"""
