"""Common-test-conditions harness: sequences, cards and conditions in; records and reports out."""
