-- Jobs as the manual schedules them, in pg_cron, run by whadmin; and one that calls a wrapper of the operators' own.
SELECT cron.schedule('foodlogstats_update_acme', '10 * * * *',
    'SELECT _wh.update_mv_by_template(''foodlogstats'', ''acme_conn'', ''acme'', _wh.current_date_utc());');
SELECT cron.schedule('acme_2week_refresh', '30 8 * * *',
    'SELECT _wh.update_mv_window_by_template(''foodlogstats'', ''acme_conn'', ''acme'', _wh.current_date_utc() - INTERVAL ''14 days'', _wh.current_date_utc() - INTERVAL ''1 day'');');
SELECT cron.schedule('yearly_combination_acme', '0 7 15 2 *',
    'SELECT _wh.create_combined_table_from_template_by_year(''foodlogstats'', ''acme'', EXTRACT(YEAR FROM _wh.current_date_utc() - INTERVAL ''1 year'')::integer);');
SELECT cron.schedule('bolt_today', '12 * * * *', 'SELECT _wh.cron_refresh_today(''foodlogstats'', ''bolt_conn'', ''bolt'')');
SELECT cron.schedule('vacuum_the_workspace', '0 4 * * *', 'VACUUM workspace.targets');
