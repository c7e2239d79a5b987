"""What a library declares of its functions, held against what was measured."""
