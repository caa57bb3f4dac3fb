-- psql: the template foodlogstats, new or up to date. Run it as whadmin, after functions.sql.
\set tenantry_former :ON_ERROR_STOP
\set ON_ERROR_STOP on
\ir install/refuse_superuser.sql
\ir templates/foodlogstats.sql
\set ON_ERROR_STOP :tenantry_former
\unset tenantry_former
