"""A small Apache Spark of this machine's own, out of PyPI's `pyspark`.

To try the engine and for the tests; the API and dbt only ever see its Thrift server.
"""
