"""Jobs: cron's table, what each job works on, and the runs."""
