// Command coredns is CoreDNS with the plugins that a cluster's name service needs and no other: a third of the build.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

func init() {
	// The order in which plugins see a query; the published program generates this list from its plugin.cfg.
	dnsserver.Directives = []string{
		"reload", "prometheus", "errors", "health", "ready", "loop", "cache", "kubernetes", "forward",
	}
}

func main() { coremain.Run() }
