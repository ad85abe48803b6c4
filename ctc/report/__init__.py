"""Views computed from records: tables, workbook, page, plots."""
