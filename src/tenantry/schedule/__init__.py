"""When jobs run: laying them out, saying it in words, and running them where there is no pg_cron."""
