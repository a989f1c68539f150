"""The app, used as its people use it."""
