"""The web console: pages over `tenantry.Warehouse`, for people who have a login of the warehouse.

It needs the extra `tenantry[console]`. `serve` runs it; `app.make` gives the ASGI application.
"""
