"""Only make test-bi has what these tests need: it names the environment of the clients in TENANTRY_TEST_BI."""

import os

collect_ignore_glob = [] if os.environ.get("TENANTRY_TEST_BI") else ["test_*.py"]
