"""The databases of a warehouse as files: which can be made anew, and what they consist
of. For the API and the builder, which share no connection. Pure."""

# What can be built again from the ledger; raw.db cannot.
DERIVED = ("main.db", "published.db")
# What SQLite adds to a database's name for the files beside it.
PARTS = ("", "-wal", "-shm", "-journal")
# What SQLite says of a file that is not what it ought to be.
DAMAGED = ("malformed", "not a database")
