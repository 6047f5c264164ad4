"""`python -m embedrank` is the command line."""

from embedrank.cli import main

if __name__ == "__main__":
    main()
