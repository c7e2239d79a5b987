"""The Sphinx extension: options, directives, events, warnings and the report page.

`directives` and `inject` create requests for tables, which `domain` stores. After all documents
are read, `pages` calls `tables`, which measures and derives the tables. `pages` inserts them when
pages are written.
"""
