"""A metric from the request to the answer: a query, its SQL, the rows, the bytes."""
