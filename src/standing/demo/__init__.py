"""The invented city, and two examples on real data."""
