from bench.lab import Lab


def measure(lab: Lab):
    return []
