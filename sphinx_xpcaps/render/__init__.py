"""Create the docutils nodes of tables, summaries and graphs."""
