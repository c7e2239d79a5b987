"""Measured cells: the data model, the record file, and tables derived from several records."""
