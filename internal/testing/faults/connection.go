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

// CutAnswer ends the connection when the registry has done what was asked, and
// before it says so.
func CutAnswer() Fault {
	return Fault{"cut before the answer", func(_ http.ResponseWriter, r *http.Request, registry http.Handler) {
		record(r, registry)
		cut()
	}}
}

// CutAnswerBody ends the connection in the middle of the answer's body.
func CutAnswerBody() Fault {
	return Fault{"cut in the answer", func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		answer := record(r, registry)
		sendHeader(w, r, answer)
		_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2]) // the client is gone
		_ = http.NewResponseController(w).Flush()                 // the same
		cut()
	}}
}

func cut() { panic(http.ErrAbortHandler) }

// Reset ends the connection in the way of a crash, where it is one of TCP.
func Reset() Fault {
	return Fault{"reset", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil { // HTTP/2 has streams, and resets those
			cut()
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // it is closed as well without
		}
		_ = conn.Close()
	}}
}

// Delay waits between the request and the registry. Whoever leaves before that
// has asked nothing.
func Delay(d time.Duration) Fault {
	return Fault{"delay of " + d.String(), func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		if whole(r); !wait(r, d) {
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

// Late waits between the request and the registry, which does what was asked also
// for whoever has left meanwhile.
func Late(d time.Duration) Fault {
	return Fault{"late by " + d.String(), func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		whole(r)
		time.Sleep(d)
		answer := record(r.WithContext(context.WithoutCancel(r.Context())), registry)
		send(w, r, answer)
	}}
}

// DelayAnswer waits when the registry has done what was asked.
func DelayAnswer(d time.Duration) Fault {
	return Fault{"answer after " + d.String(), func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		answer := record(r, registry)
		if wait(r, d) {
			send(w, r, answer)
		}
	}}
}

// Silence reads the request and never answers.
func Silence() Fault {
	return Fault{"silence", func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body) // it may be cut
		<-r.Context().Done()
		cut()
	}}
}

// SilentAnswer goes silent in the middle of the answer's body, if there is one.
func SilentAnswer() Fault { return slow("silence in the answer", 2, -1) }

// Slow answers with one byte each interval.
func Slow(interval time.Duration) Fault {
	return slow("a byte each "+interval.String(), 0, interval)
}

// slow sends one of so many parts of the answer's body at once, or none for 0,
// and then a byte each interval, or nothing if that is negative.
func slow(name string, part int, interval time.Duration) Fault {
	return Fault{name, func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		answer := record(r, registry)
		sendHeader(w, r, answer)
		at := 0
		if part > 0 {
			at = answer.Body.Len() / part
		}
		if !pass(w, answer, 0, at) {
			return
		}
		if interval < 0 && at < answer.Body.Len() { // to who has all of it there is no silence
			<-r.Context().Done()
			cut()
		}
		for ; at < answer.Body.Len(); at++ {
			if !wait(r, interval) || !pass(w, answer, at, at+1) {
				return
			}
		}
	}}
}

// pass sends a part of the answer's body, and reports whether that was possible.
func pass(w http.ResponseWriter, answer *httptest.ResponseRecorder, from, to int) bool {
	_, err := w.Write(answer.Body.Bytes()[from:to])
	return err == nil && http.NewResponseController(w).Flush() == nil
}

// wait reports whether the client is still there.
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
