"""How fast the product is beside the tools that people would pick instead.

`python -m bench` measures real processes over real sockets, ours and the peers' in turn
in one run, and prints a table with ratios and verdicts.
"""
