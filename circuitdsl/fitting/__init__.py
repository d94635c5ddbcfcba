"""Fitting: free dials moved by gradient."""
