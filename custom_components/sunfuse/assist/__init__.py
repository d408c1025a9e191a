"""Assist: what people ask about their cars and tell them, in their own words, and what a language model may do for them."""
