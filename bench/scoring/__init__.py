"""Benchmarks of scoring whole populations, each engine in a process of its own."""
