"""Pure: documents in, a document or a page out."""
