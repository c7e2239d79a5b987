"""The Sphinx extension: options, directives, events, warnings and the report page.

`directives` and `inject` create requests for tables, which `domain` stores. After all documents are
read, `pages` calls `tables`, which measures and derives the tables. `pages` inserts them when pages
are written.

`connect` registers all this with Sphinx. `options` reads and validates ``conf.py``.
`diagnostics`, `unmatched` and `declarations` find problems, which `warnings` reports. `report`
writes the report page and its data, and `mapping` reads the records of other sites.
"""
