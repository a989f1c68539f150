"""How good the voice is, measured on held-out people and in whole calls (models/voice/CARD.md)."""
