"""The sans-io half of the engine: layers in mitmproxy's vocabulary of events and commands, and no I/O."""
