"""Create the docutils nodes of tables, summaries, graphs and the report page.

`table`, `summary`, `graph`, `legend` and `report` each create the nodes of one thing on a page, and
`evidence` the details below a table, with `case_results` and `program` for each case. `words`
translates labels and notes.
"""
