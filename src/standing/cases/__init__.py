"""Answers to relying parties."""
