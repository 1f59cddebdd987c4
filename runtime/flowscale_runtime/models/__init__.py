"""Files of weights: fetched from where they are kept, stored once by content, laid out as graphs name them."""
