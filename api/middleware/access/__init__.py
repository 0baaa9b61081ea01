"""Who may do what: hosts, origins and keys, and the layer that checks them.

`rules` has the one table of what a request needs. Only `keyring` reads a file.
"""
