"""The data plane: decides on every visit, keeps the activity ledger, and speaks to the scaler over the link."""
