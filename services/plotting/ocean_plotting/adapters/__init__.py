"""The outside world: worker processes, files, encoders, stores."""
