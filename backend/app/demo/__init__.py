"""The demo: people and conversations that a newcomer meets, and bulk data for measurements."""
