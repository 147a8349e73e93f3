"""`python change_password.py <username> [<password>]`: the same as `parley change-password`."""

import sys

from app.cli import main

if __name__ == "__main__":
    main(["change-password", *sys.argv[1:]])
