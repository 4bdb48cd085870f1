// Package dnstest answers the lookups of host names in tests.
package dnstest

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

// current is the function of the last Install, or nil. The resolver is set before any test
// and not by Install, because a connection that an earlier test gave up may still be looked up.
var current atomic.Pointer[func(name string) []string]

func init() {
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		answer := current.Load()
		if answer == nil {
			var system net.Dialer
			return system.DialContext(ctx, network, address)
		}
		client, server := net.Pipe()
		go serve(server, *answer)
		return client, nil
	}}
	// Package net makes a channel at its first lookup. It must not be one of a bubble of
	// testing/synctest, which other tests cannot use.
	none := func(string) []string { return nil }
	current.Store(&none)
	_, _ = net.DefaultResolver.LookupHost(context.Background(), "none.test") // it fails
	current.Store(nil)
}

// Install makes answer the only source of addresses until the test ends. It is called once
// for each lookup of a name, which is in lower case, and returns IPv4 addresses. A name
// without any does not exist.
func Install(t testing.TB, answer func(name string) []string) {
	t.Helper()
	before := current.Swap(&answer)
	t.Cleanup(func() { current.Store(before) })
}

// serve answers the queries of a connection (RFC 1035 section 4).
func serve(conn net.Conn, answer func(string) []string) {
	defer func() { _ = conn.Close() }()
	for {
		var size uint16
		if err := binary.Read(conn, binary.BigEndian, &size); err != nil {
			return
		}
		query := make([]byte, size)
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		reply := respond(query, answer)
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

func respond(query []byte, answer func(string) []string) []byte {
	var labels []string
	end := 12
	for query[end] != 0 {
		size := int(query[end])
		labels = append(labels, string(query[end+1:end+1+size]))
		end += 1 + size
	}
	asked := binary.BigEndian.Uint16(query[end+1:])
	end += 5
	var found []string
	if asked == 1 { // A, and not AAAA, which net.Resolver asks for as well
		found = answer(strings.ToLower(strings.Join(labels, ".")))
	}
	// A response with recursion, the question, and a pointer to its name in each record.
	reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, byte(len(found)), 0, 0, 0, 0}, query[12:end]...)
	for _, text := range found {
		address := netip.MustParseAddr(text).As4()
		reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		reply = append(reply, address[:]...)
	}
	return reply
}
