"""Pairs that talk while everything around them breaks; afterwards nothing may be lost, doubled or out of order."""
