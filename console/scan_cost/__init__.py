"""What a page view scans on Athena when the lake is full: estimated from real Parquet files and real statements.

::

    a page, run headless            →  the statements it asks          console.kit.headless
    a statement                     →  tables, columns, conditions     scans
    a sample as large as one day    →  bytes of every column           density
    both, over two years of days    →  bytes read                      estimate

Nothing is taken from a list: a page, a query or a table that is added is in the next estimate.
"""
