"""Earned Close: practise the sale that you never have to ask for."""

__version__ = "0.1.0"
