"""Photographs of every page and state, to be looked at by people."""
