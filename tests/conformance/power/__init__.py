"""How small a fault the suite finds, and how often it is wrong."""
