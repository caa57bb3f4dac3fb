"""Whether the tests would notice: small faults put into the code, one at a time, each against the tests that run it."""
