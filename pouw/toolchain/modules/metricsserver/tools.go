//go:build tools

// Package metricsserver pins the resource metrics that autoscalers of the embedded cluster read.
package metricsserver

import _ "sigs.k8s.io/metrics-server/cmd/metrics-server"
