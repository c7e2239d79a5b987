"""What is kept of a measurement: the model, the record file, and what several records say."""
