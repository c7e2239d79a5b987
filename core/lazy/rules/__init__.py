"""Shape rules that the operators need before there are functions."""
