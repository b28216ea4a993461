"""The Kubernetes client of the control side: requests, watches, port-forward, kubeconfigs."""
