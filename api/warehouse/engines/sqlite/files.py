"""The files of a warehouse's databases, and which of them a build can make again. Pure.

For the server and the builder, which share no connection.
"""

# What a build makes again from the ledger; raw.db cannot be made again.
DERIVED = ("main.db", "published.db")
# What SQLite adds to a database's name for the files beside it.
PARTS = ("", "-wal", "-shm", "-journal")
# What SQLite reports of a damaged file.
DAMAGED = ("malformed", "not a database")
