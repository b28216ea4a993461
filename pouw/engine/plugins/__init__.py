"""Provider plugins that pouw carries: resource providers of the Pulumi engine, written in Python."""
