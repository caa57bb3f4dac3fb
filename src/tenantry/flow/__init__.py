"""The data flow, one module per stage: connection, template, slices, views, yearly, move; tenant ties them together.

Each function takes an open session (autocommit) on the warehouse, runs one transaction and returns plain values.
"""
