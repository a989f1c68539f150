"""The app: the rooms behind it, shown in a terminal.

Nothing imports this package but the command line.
"""
