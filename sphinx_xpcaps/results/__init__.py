"""Measured cells: data model, record files, tables derived from several records, their labels."""
