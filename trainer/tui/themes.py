"""The two looks of the app. Screens use theme variables only.

``text-muted`` and ``text-disabled`` are plain colours here: Textual's own are relative to a
background, which styled ``Content`` does not know.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="earned-close-dark",
    dark=True,
    primary="#e0a458",
    secondary="#7fb0a6",
    accent="#e0a458",
    success="#8fbf7f",
    warning="#e5c07b",
    error="#e07a6a",
    foreground="#e6e1d8",
    background="#1b1d21",
    surface="#22252b",
    panel="#2b2f36",
    variables={
        "text-muted": "#a29c92",
        "text-disabled": "#666a72",
        "footer-key-foreground": "#e0a458",
        "footer-background": "#22252b",
    },
)

LIGHT = Theme(
    name="earned-close-light",
    dark=False,
    primary="#8a4f0b",
    secondary="#1f6357",
    accent="#8a4f0b",
    success="#2f6b2a",
    warning="#7a5800",
    error="#a32f1f",
    foreground="#2a2722",
    background="#faf7f1",
    surface="#f1ece2",
    panel="#e6dfd2",
    variables={
        "text-muted": "#6a645a",
        "text-disabled": "#a49c8e",
        "footer-key-foreground": "#8a4f0b",
        "footer-background": "#f1ece2",
    },
)
