"""Web Map Service 1.3.0 and 1.1.1, with the words of ncWMS: maps of any box, capabilities, values, legends."""
