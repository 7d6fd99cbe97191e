"""Benchmarks that others published, read from files on disk; nothing is ever downloaded."""
