"""Jobs: cron's table of them, what each works on, and their runs."""
