"""From compiled declarations to the verdict of a second, independent kernel."""
