"""The slow loop: forecasts, peaks, and the plan of a site's cars and battery."""
