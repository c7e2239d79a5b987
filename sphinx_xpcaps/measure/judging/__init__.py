"""From outcomes to a cell: comparison with the reference and what the outcomes mean."""
