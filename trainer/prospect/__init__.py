"""The prospect: a mind that decides in pure code, and a voice that finds the words."""
