"""The hands of the housekeeping."""

from tests.housekeeping.conftest import run as run
