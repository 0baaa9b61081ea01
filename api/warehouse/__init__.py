"""The warehouse, whatever engine keeps it: the ledger of loads, builds and marts."""
