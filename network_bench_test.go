package oci_test

import (
	"crypto/x509"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/benchtree"
	"github.com/kubeoci/oci/internal/testing/slownet"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// BenchmarkBuildOverNetwork pushes trees with the default options to registries behind slow
// networks, over HTTP/1.1 and, with TLS, HTTP/2. The first build of a Builder has to
// connect, and the next ones need not.
func BenchmarkBuildOverNetwork(b *testing.B) {
	for _, link := range []struct {
		name string
		slownet.Link
	}{{"20ms 100Mbit", slownet.Slow}, {"100ms", slownet.Far}} {
		for _, secure := range []bool{false, true} {
			for _, push := range []struct {
				name             string
				first, unchanged bool
			}{{"cold, first", true, false}, {"cold, next", false, false}, {"unchanged, next", false, true}} {
				b.Run(fmt.Sprintf("%s/tls=%t/%s", link.name, secure, push.name), func(b *testing.B) {
					for _, shape := range []treegen.Shape{treegen.Few(), treegen.Small()} {
						b.Run(shape.Name, func(b *testing.B) {
							benchmarkOver(b, link.Link, secure, shape, push.first, push.unchanged)
						})
					}
				})
			}
		}
	}
}

func benchmarkOver(b *testing.B, link slownet.Link, secure bool, shape treegen.Shape, first, unchanged bool) {
	opts := oci.BuildOptions{SourcePath: benchtree.Write(b, shape), Repository: "apps/demo", Version: "v1"}
	server := httptest.NewUnstartedServer(memregistry.Handler(memregistry.Options{}))
	if secure {
		server.EnableHTTP2 = true
		server.StartTLS()
		opts.Registry.RootCAs = x509.NewCertPool()
		opts.Registry.RootCAs.AddCert(server.Certificate())
	} else {
		server.Start()
	}
	b.Cleanup(server.Close)
	proxy, err := slownet.Start(link, server.Listener.Addr().String())
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, proxy.Close()) })
	opts.RegistryEndpoint = proxy.Host
	if secure {
		opts.RegistryEndpoint = "https://" + proxy.Host
	}
	builder := new(oci.Builder)
	b.Cleanup(func() { builder.Close() })
	_, err = builder.Build(b.Context(), opts)
	require.NoError(b, err)
	before, already := proxy.Connections(), sentTo(proxy)
	var packed time.Time
	var after time.Duration // packing
	opts.OnEvent = func(e oci.Event) {
		if e.Phase == oci.PhasePack {
			packed = time.Now()
		}
	}
	for b.Loop() {
		b.StopTimer()
		if !unchanged {
			server.Config.Handler = memregistry.Handler(memregistry.Options{})
		}
		if first {
			builder.Close()
			builder = new(oci.Builder)
		}
		b.StartTimer()
		_, err := builder.Build(b.Context(), opts)
		require.NoError(b, err)
		after += time.Since(packed)
	}
	b.ReportMetric(float64(proxy.Connections()-before)/float64(b.N), "connections/op")
	b.ReportMetric(float64(sentTo(proxy)-already)/float64(b.N), "sent-B/op")
	b.ReportMetric(float64(after.Milliseconds())/float64(b.N), "after-packing-ms/op")
}

func sentTo(proxy *slownet.Proxy) int64 {
	sent, _ := proxy.Bytes()
	return sent
}
