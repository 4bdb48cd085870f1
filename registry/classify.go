package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/internal/redact"
)

// fail makes an [*Error] of a failure. It depends on status codes and the types of
// errors alone. ctx is that of limit.
func (c *Client) fail(ctx context.Context, op, reference string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Op: op, Reference: reference}
	// A deadline within net/http looks like that of a context, hence not
	// errors.Is: only the call's own context decides.
	if ctx.Err() == nil {
		c.explain(e, err)
		if e.Kind == ErrPermissionDenied || e.Kind == ErrAuthRequired {
			c.forget()
		}
		return e
	}
	last := new(Error)
	if before := callIn(ctx).lastFailure(); before != nil {
		c.explain(last, before)
	}
	e.Err = ctx.Err()
	if overdue, ok := errors.AsType[*timeoutError](context.Cause(ctx)); ok {
		e.Kind, e.StatusCode, e.Code, e.Err = cmp.Or(last.Kind, ErrUnreachable), last.StatusCode, last.Code, overdue
		e.retryable = true
	}
	pending := callIn(ctx).pendingRequest()
	switch late := errors.Is(e.Err, context.DeadlineExceeded); {
	case late && callIn(ctx).lacksCredential(): // the registry has responded that it needs one
		e.Kind, e.StatusCode, e.Code, e.Err = nil, 0, "", &lateError{e.Err, "the credential was not found by then", true}
	case last.Err != nil:
		e.Err = &lateError{e.Err, "before that: " + last.Error(), false}
	case late && pending != "":
		e.Err = &lateError{e.Err, "no response to " + c.clean(pending), false}
	}
	c.interrupt(e, err)
	return e
}

// interrupt makes the end of a context that of the step, rule or tag during which it ended:
// the caller has to know which tags are set, and which manifest the repository has.
func (c *Client) interrupt(e *Error, err error) {
	tags, isTags := err.(*TagsError) // not that of a push within a step
	if isTags {
		err = tags.Err
	}
	step, isStep := errors.AsType[*StepError](err)
	rule, isRule := errors.AsType[*TagRuleError](err)
	switch {
	case isStep:
		e.Kind, e.Err = nil, c.shown(&StepError{Step: step.Step, Manifest: step.Manifest, Attached: step.Attached, Err: e.Err})
	case isRule:
		e.Kind, e.Err = nil, &TagRuleError{Tag: rule.Tag, Err: e.Err}
	}
	if isTags {
		e.Err = &TagsError{Set: tags.Set, NotSet: tags.NotSet, Err: e.Err}
	}
}

// lateError is the end of a context with its reason: a request without a response,
// attempts that failed, or a credential that was not found.
type lateError struct {
	err        error
	reason     string
	credential bool
}

func (e *lateError) Error() string { return e.err.Error() + "; " + e.reason }

func (e *lateError) Unwrap() error { return e.err }

// explain fills in the fields that describe err.
func (c *Client) explain(e *Error, err error) {
	if tags, ok := err.(*TagsError); ok { // as in interrupt
		c.explain(e, tags.Err)
		e.Err = &TagsError{Set: tags.Set, NotSet: tags.NotSet, Err: cmp.Or(e.Err, e.Kind)}
		return
	}
	local, isLocal := errors.AsType[*localError](err)
	resp, isResponse := errors.AsType[*responseError](err)
	odd, isOdd := errors.AsType[*malformedError](err)
	realm, isRealm := errors.AsType[*realmError](err)
	transport, isTransport := errors.AsType[*url.Error](err)
	e.retryable = isRetryable(err)
	switch {
	case isLocal: // and it may hold any of the others
		e.Kind, e.Err = local.kind, c.shown(local.err)
		if status, ok := errors.AsType[earlyStatus](err); ok {
			e.StatusCode = int(status)
		}
		if failed, ok := errors.AsType[*Error](err); ok && (is[*StepError](err) || is[*TagRuleError](err)) {
			e.Kind, e.StatusCode, e.Code = failed.Kind, failed.StatusCode, failed.Code
			e.RetryAfter, e.retryable = failed.RetryAfter, failed.retryable
		}
	case isResponse:
		c.explainResponse(e, resp)
		if refused, ok := errors.AsType[*tagRefusal](err); ok {
			e.Kind, e.Err = ErrTagConflict, &cause{e.Err.Error(), refused.conflict}
		}
	case isOdd:
		e.Kind, e.StatusCode, e.Err = odd.kind(), odd.status, &cause{c.clean(odd.Error()), err}
		e.service = odd.service != nil
	case is[*corruptError](err):
		e.Kind, e.Err = ErrCorrupt, c.shown(err)
	case errors.Is(err, ErrTagRefused):
		e.Kind, e.Err = ErrTagRefused, c.shown(err)
	case errors.Is(err, ErrTagConflict):
		e.Kind, e.Err = ErrTagConflict, c.shown(err)
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		e.Kind, e.StatusCode = ErrAuthRequired, http.StatusUnauthorized
		if none, ok := errors.AsType[*noCredentialError](err); ok && none.owner.text != "" {
			e.Err, e.origin = errors.New(c.clean(none.owner.text)), none.owner.origin
		}
	case isRealm:
		e.Kind, e.Err = ErrUnsupported, &cause{c.clean(realm.Error()), err}
	case errors.Is(err, http.ErrSchemeMismatch):
		e.Kind = ErrTLSMismatch
	case isTransport:
		// The URL is omitted: it may carry a query. The error of net/http for a
		// malformed response has no type of its own, and is unreachable too.
		e.Kind, e.Err = ErrUnreachable, &cause{c.clean(transport.Err.Error()), transport.Err}
	default:
		e.Err = &cause{c.clean(err.Error()), err}
	}
}

// localError marks an error that did not come from the registry, but from the content
// store, a CredentialFunc or this package, on its way through net/http and oras-go.
type localError struct {
	kind error // or nil
	err  error
}

func (e *localError) Error() string { return e.err.Error() }

func (e *localError) Unwrap() error { return e.err }

// cause is an error from below, with a text that may be shown. It matches what that
// error matches, but does not unwrap: the texts of wrapped errors may not be shown.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string { return c.text }

// Is excludes the errors of contexts, which time-outs of package net match too: the
// caller's context has not ended.
func (c *cause) Is(target error) bool {
	return target != context.Canceled && target != context.DeadlineExceeded && errors.Is(c.err, target)
}

func (c *cause) As(target any) bool { return errors.As(c.err, target) }

// explainResponse describes a response.
func (c *Client) explainResponse(e *Error, resp *responseError) {
	e.StatusCode = resp.status
	e.Code = cut(c.clean(resp.code), maxCodeBytes)
	e.RetryAfter = resp.retryAfter
	e.Kind = resp.kind()
	e.service = resp.token
	text := c.describe(e, resp)
	if resp.token {
		text = fmt.Sprintf("%s responds with %s", c.clean(nameOfService(resp.from)), text)
	}
	if resp.unsure {
		text += "; the tag may be set"
	}
	if resp.owner != nil && resp.owner.text != "" && (e.Kind == ErrAuthRequired || e.Kind == ErrPermissionDenied) {
		text += " (" + c.clean(resp.owner.text) + ")"
		e.origin = resp.owner.origin
	}
	e.Err = errors.New(text)
}

// describe returns the text for a response.
func (c *Client) describe(e *Error, resp *responseError) string {
	if resp.isSuccess() && !resp.token && e.Kind == ErrUnsupported {
		return fmt.Sprintf("the registry responds to %s with status %d, which the specification does not allow", subject(resp.method, resp.from.Path), resp.status)
	}
	if resp.isForeignDenial() && e.Kind == ErrNotRegistry {
		return strings.TrimSuffix("refused with status 403, and not by a registry: "+c.author(resp), ": ")
	}
	words := []string{e.Code, c.clean(resp.message)}
	if resp.detail != resp.message {
		words = append(words, c.clean(resp.detail))
	}
	if resp.code+resp.message+resp.detail == "" {
		words[0] = http.StatusText(resp.status)
	}
	if e.Kind == ErrNotRegistry || resp.token && resp.isPage() {
		words[1] = c.clean(resp.contentType)
	}
	if e.Kind == ErrNotRegistry && resp.mayExpectTLS() {
		words = append(words, "the port may expect TLS")
	}
	if resp.challenges != nil { // text is redacted first, and must not be taken apart before
		schemes := schemesIn(c.keys.redact(strings.Join(resp.challenges, ", ")))
		words = append(words, "the registry offers only the authentication schemes "+c.clean(schemes))
	}
	text := "status " + strconv.Itoa(resp.status)
	if words = slices.DeleteFunc(words, func(s string) bool { return s == "" }); len(words) > 0 {
		text += ", " + strings.Join(words, ": ")
	}
	return text
}

// author returns what a response tells about the program that wrote it, or "".
func (c *Client) author(resp *responseError) string {
	words := []string{c.clean(resp.contentType)}
	if server := cut(c.clean(resp.server), maxCodeBytes); server != "" {
		words = append(words, "server "+server)
	}
	return strings.TrimPrefix(strings.Join(words, ", "), ", ")
}

// Bounds on the text of a registry that errors repeat.
const (
	maxMessageBytes = 200
	maxCodeBytes    = 64
)

// queries matches the query of a URL, with or without the rest of it. It is compiled at
// its first use.
var queries = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\?[^\s"'<>]*`) })

// clean makes foreign text fit for an error: one line, short, printable, without
// queries and user names in URLs, and without any secret that was sent to the
// registry. Secrets are removed first, because the rest may take them apart, and last,
// because it may put them together.
func (c *Client) clean(text string) string {
	text = queries().ReplaceAllString(redact.URLs(c.keys.redact(text)), "")
	return cut(strings.TrimSpace(c.keys.redact(printable(text))), maxMessageBytes)
}

// shown returns an error of this package or of a function of the caller. It may quote the
// registry, and loses its details if there is a secret among them.
func (c *Client) shown(err error) error {
	text := err.Error()
	if shown := redact.URLs(c.keys.redact(text)); shown != text {
		return &cause{shown, err}
	}
	return err
}

// printable makes one line of text, without control sequences of terminals.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// cut shortens text to at most limit bytes and an ellipsis.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
