"""A CSV into a table by pandas: `pandas_to_sql.py FILE DATABASE`."""

import sqlite3
import sys

import pandas as pd

with sqlite3.connect(sys.argv[2]) as connection:
    connection.execute("pragma journal_mode = wal")
    rows = pd.read_csv(sys.argv[1])
    rows.to_sql("hired_employees", connection, index=False, if_exists="append")
