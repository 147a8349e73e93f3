"""Parley: where online shops talk with their customers."""

VERSION = "0.1.0"
