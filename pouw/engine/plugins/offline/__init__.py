"""Provider plugins for clouds without an account: they check inputs, plan changes and simulate a cloud."""
