"""Store measured cells in records, and derive tables from several records.

- `model` is the data of a record; `record` and `bundle` read and write files.
- `view` derives a table per target. `choose` selects the cell to show among those of several
  records (`sources`), with `separate` and `conflict` if their environments disagree.
- `merge_records` makes one record from those of one environment.
- `changes`, `diff` and `history` compare tables, records and versions.
"""
