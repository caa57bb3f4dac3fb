"""Taking over a warehouse that runs by the operations manual's own scripts, in place. No source is asked.

The files of sql/adopt are the administrator's part, and run nothing of whadmin's; adopt.sql runs the same with psql alone.
Whadmin's part are procedures of `_wh`. Each step leaves a record in the schema `_wh_adopt`, so that what was interrupted
goes on where it was.
"""
