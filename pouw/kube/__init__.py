"""The Kubernetes client of the control side: requests, watches, apply, exec, port-forward and kubeconfigs.

The official ``kubernetes`` package takes 0.7 s to import. It is imported only for a kubeconfig whose user has an exec
plugin or an ``auth-provider``.
"""
