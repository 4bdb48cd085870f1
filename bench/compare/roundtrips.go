package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/discard"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// roundTrip is the latency of the distant registry.
const roundTrip = 100 * time.Millisecond

// far holds the targets for a distant registry. A token costs two more round trips: the
// challenge of the registry, and the request to the token service.
type far struct{ trips, requests float64 }

var (
	withoutToken = far{4, 7}
	withToken    = far{6, 8}
)

// The user of a registry with tokens.
const (
	username = "bench"
	password = "bench"
)

// roundTrips pushes to a distant registry.
func roundTrips(ctx context.Context, b *bench) error {
	dir, err := b.tree(ctx, treegen.Few())
	if err != nil {
		return err
	}
	if err := b.farPush(ctx, "100 ms", dir, discard.Options{Delay: roundTrip}, withoutToken); err != nil {
		return err
	}
	return b.farPush(ctx, "100 ms, token", dir, discard.Options{Delay: roundTrip, Username: username, Password: password}, withToken)
}

func (b *bench) farPush(ctx context.Context, name, dir string, opts discard.Options, limit far) (err error) {
	server, err := discard.Start(opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	env, err := b.environment("home-" + server.Host)
	if err != nil {
		return err
	}
	if opts.Username != "" {
		if err := logIn(filepath.Join(b.dir, "home-"+server.Host, ".docker"), server.Host); err != nil {
			return err
		}
	}
	shape := treegen.Few().Name
	if err := b.rounds(ctx, name, shape, b.coldPushers(b.contestants, server, dir, env), nil); err != nil {
		return err
	}
	own, _ := b.report.Cell(name, shape, contest.Ours)
	b.exactly(name, shape, contest.Ours, "requests", report.Count, limit.requests, requests)
	b.report.Check(report.Check{
		Case: name, Shape: shape, What: "round trips", Unit: report.Count,
		Value: math.Round(own.Median.Trips), Limit: limit.trips,
	})
	return nil
}

// logIn writes a Docker configuration, which all contestants read.
func logIn(dir, host string) error {
	auth := base64.StdEncoding.EncodeToString([]byte(username + ":" + password))
	config, err := json.Marshal(map[string]any{"auths": map[string]any{host: map[string]string{"auth": auth}}})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600)
}
