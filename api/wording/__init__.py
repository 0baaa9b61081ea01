"""How messages are worded: what they quote, count, and offer for a slip. Pure."""
