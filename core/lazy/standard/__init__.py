"""The functions of the array API standard for traced arrays, one family of shapes per file."""
