"""`python create_admin.py <user_id> <username> <password>`: the same as `parley create-admin`."""

import sys

from app.cli import main

if __name__ == "__main__":
    main(["create-admin", *sys.argv[1:]])
