package faults

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"time"
)

// Cut ends the connection before the request is read.
func Cut() Fault {
	return Fault{"cut", func(http.ResponseWriter, *http.Request, http.Handler) { cut() }}
}

// CutBody ends the connection after so many bytes of the request's body.
func CutBody(n int64) Fault {
	return Fault{fmt.Sprintf("cut after %d bytes", n), func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.CopyN(io.Discard, r.Body, n) // there may be less
		cut()
	}}
}

// CutResponse ends the connection after the registry processed the request, before the
// response.
func CutResponse() Fault {
	return Fault{"cut before the response", func(_ http.ResponseWriter, r *http.Request, registry http.Handler) {
		record(r, registry)
		cut()
	}}
}

// CutResponseBody ends the connection in the middle of the response body.
func CutResponseBody() Fault {
	return Fault{"cut in the response", func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		resp := record(r, registry)
		sendHeader(w, r, resp)
		_, _ = w.Write(resp.Body.Bytes()[:resp.Body.Len()/2]) // the client is gone
		_ = http.NewResponseController(w).Flush()             // the same
		cut()
	}}
}

func cut() { panic(http.ErrAbortHandler) }

// Reset resets a TCP connection, as a crash does.
func Reset() Fault {
	return Fault{"reset", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil { // HTTP/2 resets its streams
			cut()
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // the connection is closed in any case
		}
		_ = conn.Close()
	}}
}

// Delay waits before it passes the request to the registry, and drops it if the client
// disconnects meanwhile.
func Delay(d time.Duration) Fault {
	return Fault{"delay of " + d.String(), func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		if buffer(r); !wait(r, d) {
			cut()
		}
		registry.ServeHTTP(w, r)
	}}
}

// Deaf waits before it reads the request.
func Deaf(d time.Duration) Fault {
	return Fault{"deaf for " + d.String(), func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		wait(r, d)
		registry.ServeHTTP(w, r)
	}}
}

// Late waits before it passes the request to the registry, also if the client
// disconnects meanwhile.
func Late(d time.Duration) Fault {
	return Fault{"late by " + d.String(), func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		buffer(r)
		time.Sleep(d)
		resp := record(r.WithContext(context.WithoutCancel(r.Context())), registry)
		send(w, r, resp)
	}}
}

// DelayResponse waits after the registry processed the request, before the response.
func DelayResponse(d time.Duration) Fault {
	return Fault{"response after " + d.String(), func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		resp := record(r, registry)
		if wait(r, d) {
			send(w, r, resp)
		}
	}}
}

// Silence reads the request and never responds.
func Silence() Fault {
	return Fault{"silence", func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body) // it may be cut off
		<-r.Context().Done()
		cut()
	}}
}

// SilentResponse stops in the middle of the response body, if there is one.
func SilentResponse() Fault { return slow("silence in the response", 2, -1) }

// Slow responds with one byte each interval.
func Slow(interval time.Duration) Fault {
	return slow("a byte each "+interval.String(), 0, interval)
}

// slow sends the first of a number of parts of the response body, or none for 0, and
// then a byte each interval, or nothing if interval is negative.
func slow(name string, part int, interval time.Duration) Fault {
	return Fault{name, func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		resp := record(r, registry)
		sendHeader(w, r, resp)
		at := 0
		if part > 0 {
			at = resp.Body.Len() / part
		}
		if !pass(w, resp, 0, at) {
			return
		}
		if interval < 0 && at < resp.Body.Len() { // an empty rest cannot be delayed
			<-r.Context().Done()
			cut()
		}
		for ; at < resp.Body.Len(); at++ {
			if !wait(r, interval) || !pass(w, resp, at, at+1) {
				return
			}
		}
	}}
}

// pass sends a part of the response body and reports whether it succeeded.
func pass(w http.ResponseWriter, resp *httptest.ResponseRecorder, from, to int) bool {
	_, err := w.Write(resp.Body.Bytes()[from:to])
	return err == nil && http.NewResponseController(w).Flush() == nil
}

// wait waits, and reports whether the client is still connected.
func wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
