-- Jobs as the manual schedules them, in pg_cron, run by whadmin; one that calls a wrapper of the operators' own; and one that
-- names the parameters of the old functions.
CREATE EXTENSION IF NOT EXISTS pg_cron;
GRANT USAGE ON SCHEMA cron TO whadmin;
SELECT cron.schedule('vacuum_the_workspace', '0 4 * * *', 'VACUUM workspace.targets');
SET ROLE whadmin;
SELECT cron.schedule('foodlogstats_update_acme', '* * * * *',
    'SELECT _wh.update_mv_by_template(''foodlogstats'', ''acme_conn'', ''acme'', _wh.current_date_utc());');
SELECT cron.schedule('acme_2week_refresh', '30 8 * * *',
    'SELECT _wh.update_mv_window_by_template(''foodlogstats'', ''acme_conn'', ''acme'', _wh.current_date_utc() - INTERVAL ''14 days'', _wh.current_date_utc() - INTERVAL ''1 day'');');
SELECT cron.schedule('yearly_combination_acme', '0 7 15 2 *',
    'SELECT _wh.create_combined_table_from_template_by_year(''foodlogstats'', ''acme'', EXTRACT(YEAR FROM _wh.current_date_utc() - INTERVAL ''1 year'')::integer);');
SELECT cron.schedule('bolt_today', '12 * * * *', 'SELECT _wh.cron_refresh_today(''foodlogstats'', ''bolt_conn'', ''bolt'')');
SELECT cron.schedule('bolt_week', '40 8 * * *',
    'SELECT _wh.update_mv_window_by_template(p_template => ''foodlogstats'', p_tenant => ''bolt_conn'', p_schema => ''bolt'', p_from => _wh.current_date_utc() - INTERVAL ''7 days'', p_to => _wh.current_date_utc())');
RESET ROLE;
