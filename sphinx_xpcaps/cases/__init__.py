"""Find the cases of a target: calls with arguments and reference results."""
