"""How fast the product is, against two floors on the same stack in the same run. A figure never fails anything."""
