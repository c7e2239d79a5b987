"""Virtual environments with other versions of libraries, and measurements in them."""
