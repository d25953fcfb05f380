"""How often the suite is wrong: the independent implementation, run with many seeds."""
