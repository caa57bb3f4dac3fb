"""Superset's settings for one run without a browser: its own data in a database, and no caches."""

import os

SECRET_KEY = "this run's only, on this machine"
SQLALCHEMY_DATABASE_URI = os.environ["SUPERSET_METADATA"]
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False
FAB_ADD_SECURITY_API = True
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
DATA_CACHE_CONFIG = FILTER_STATE_CACHE_CONFIG = EXPLORE_FORM_DATA_CACHE_CONFIG = CACHE_CONFIG
