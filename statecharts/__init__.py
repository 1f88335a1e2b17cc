"""The charts, as frozen data an auditor can read, and the table compiled from them."""
