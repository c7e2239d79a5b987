"""The Sphinx side: options, directives, events, warnings and the report page."""
