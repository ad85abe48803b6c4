"""The commands of the program ctc, one a file."""
