"""Loads the published version of the marts into Redshift Serverless, through its Data API.

::

    public.daily_sales                         a view: what questions read by the bare name
    loaded.daily_sales_<snapshot>_<definition> a table: one snapshot, loaded whole, never changed
    loaded.loaded_tables                       which snapshot each view shows, of which version, since when

Tables are loaded beside those in use, each in a transaction of its own, and their rows are counted. One more
transaction then points all views at the new tables, so a reader sees all tables of the old version or all of the new
one, and a load that is killed at any moment leaves the old one. Tables that no view shows are dropped by the next load.
"""
