"""When jobs run: spreading them out, describing schedules in words, and running the jobs without pg_cron."""
