"""report.xlsx: the workbook of a campaign, with living formulas and without macros."""
