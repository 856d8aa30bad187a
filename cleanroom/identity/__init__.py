"""Who is who on one side: tables, normalised keys, de-duplication."""
