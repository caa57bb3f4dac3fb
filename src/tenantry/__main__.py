"""`python -m tenantry`."""

from tenantry.cli.main import main

if __name__ == "__main__":
    main()
