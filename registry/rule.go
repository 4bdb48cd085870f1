package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/semver"
	"github.com/kubeoci/oci/internal/strictjson"
)

// TagRule decides whether a tag may point to a manifest that it does not point to. It
// returns the reason for which it may not, or "". An error fails the push as a
// [*TagRuleError].
//
// A push asks before it sends anything, and for each tag again right before that is set,
// with the manifest that the tag points to by then. A rule has to be safe for concurrent
// use if the options are used concurrently. Nothing waits for one that ignores the end of
// ctx.
type TagRule func(ctx context.Context, move TagMove) (reason string, err error)

// TagMove is a tag that a push is about to set.
type TagMove struct {
	// Repository is host/repository.
	Repository string
	// Tag is empty with [PushOptions.DigestOnly].
	Tag string
	// Have is the manifest that the tag points to, or nil if there is no such tag, or it is
	// Unknown.
	Have *Revision
	// Unknown is the [*Error] with which the registry refused to let the caller read the
	// tag, or nil. A rule that depends on Have returns it. Some registries refuse that for
	// repositories that do not exist.
	Unknown error
	// Want is the manifest that it would point to.
	Want Revision
}

// Revision is a manifest.
type Revision struct {
	Descriptor ocispec.Descriptor
	// Manifest is zero if that is not an image manifest of at most 4 MiB and 100,000 values
	// in which no key is ambiguous.
	Manifest ocispec.Manifest
}

// TagRuleError reports a [TagRule] that failed. The tag was not moved.
type TagRuleError struct {
	Tag string
	// Err is the error of the rule, or describes its panic.
	Err error
	// Stack is that of a panic, or empty.
	Stack []byte
}

func (e *TagRuleError) Error() string {
	return fmt.Sprintf("a rule for the tag %s failed: %v", e.Tag, e.Err)
}

func (e *TagRuleError) Unwrap() error { return e.Err }

// OnlyTags returns a rule that applies another one to some tags. It returns nil, which
// [PushOptions.Validate] refuses, if that is nil.
func OnlyTags(rule TagRule, tags ...string) TagRule {
	if rule == nil {
		return nil
	}
	tags = slices.Clone(tags)
	return func(ctx context.Context, move TagMove) (string, error) {
		if !slices.Contains(tags, move.Tag) {
			return "", nil
		}
		return rule(ctx, move)
	}
}

// KeepTag is a [TagRule] that moves no tag. [PushOptions.ImmutableTags] applies it to all
// of them without reading them again.
func KeepTag(_ context.Context, move TagMove) (string, error) {
	if move.Have == nil {
		return "", move.Unknown
	}
	return "it exists", nil
}

// NotOlder is a [TagRule] that moves no tag to a manifest that was created before the one
// that the tag points to, as the annotation org.opencontainers.image.created has it
// (RFC 3339). A manifest without that annotation may be replaced, and replaces none that
// has it.
func NotOlder(_ context.Context, move TagMove) (string, error) {
	return move.compare(ocispec.AnnotationCreated, func(have, want string) (int, error) {
		before, err := parseTime(have)
		if err != nil {
			return 0, nil // anything is better than that
		}
		after, err := parseTime(want)
		return after.Compare(before), err
	}, "is older than")
}

// parseTime accepts lower-case letters too, as RFC 3339 does (section 5.6).
func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if upper, other := time.Parse(time.RFC3339, strings.ToUpper(text)); other == nil {
		return upper, nil
	}
	return t, err
}

// NotLower returns a [TagRule] that moves no tag to a manifest whose annotation has a lower
// value than that of the manifest that the tag points to: both are integers, or versions
// (Semantic Versioning 2.0.0, section 11), with or without a v in front, of at most 256
// bytes. A manifest without such a value may be replaced, and replaces none that has one.
func NotLower(annotation string) TagRule {
	return func(_ context.Context, move TagMove) (string, error) {
		return move.compare(annotation, compareVersions, "is lower than")
	}
}

// compare returns a reason if the annotation of Want is less than that of Have.
func (m TagMove) compare(annotation string, compare func(have, want string) (int, error), less string) (string, error) {
	if m.Have == nil {
		return "", m.Unknown
	}
	have, found := m.Have.Manifest.Annotations[annotation]
	if !found {
		return "", nil
	}
	want, found := m.Want.Manifest.Annotations[annotation]
	if !found {
		return fmt.Sprintf("it has the annotation %.100s and the new manifest has not", annotation), nil
	}
	order, err := compare(have, want)
	if err != nil {
		return fmt.Sprintf("the annotation %.100s of the new manifest cannot be compared: %v", annotation, err), nil
	}
	if order < 0 {
		return fmt.Sprintf("%.100q %s %.100q, by the annotation %.100s", want, less, have, annotation), nil
	}
	return "", nil
}

// compareVersions compares two integers or two versions.
func compareVersions(have, want string) (int, error) {
	before, isBefore := parseInteger(have)
	after, isAfter := parseInteger(want)
	if isBefore && isAfter {
		return after.Cmp(before), nil
	}
	old, known := semver.Parse(have)
	if !known && !isBefore {
		return 0, nil // anything is better than that
	}
	next, ok := semver.Parse(want)
	if !ok || !known {
		return 0, fmt.Errorf("%.100q and %.100q are not two integers or two versions", have, want)
	}
	return next.Compare(old), nil
}

// maxDigits bounds the size of an integer, as that of a version is. A number made of a time
// does not fit into 64 bits.
const maxDigits = 256

// parseInteger returns an integer of any size, and whether the text is one.
func parseInteger(text string) (n *big.Int, ok bool) {
	if len(text) > maxDigits {
		return nil, false
	}
	return new(big.Int).SetString(text, 10)
}

// checkRules returns an error for a rule that is nil.
func checkRules(rules []TagRule) error {
	if slices.ContainsFunc(rules, func(r TagRule) bool { return r == nil }) {
		return errNilRule
	}
	return nil
}

var errNilRule = invalidOption("remove it from Push.TagRules", "a rule for tags that is nil")

// allow returns a conflict if a rule, or ImmutableTags, refuses to move a tag. Each rule
// gets a move of its own, which it may change.
func (p *push) allow(ctx context.Context, tag string, have tagState) error {
	switch {
	case have.exists && have.digest == p.manifest.Digest: // by Force
		return nil
	case have.exists && p.opts.ImmutableTags: // it was set meanwhile, or has the same content
		return &TagConflictError{Tag: tag, Have: have.digest, Want: p.manifest.Digest}
	}
	unknown := p.client.fail(ctx, opPush, p.repo.at(tag), have.unknown)
	for _, rule := range p.opts.TagRules {
		move := TagMove{Repository: p.repo.String(), Tag: tag, Have: have.revision(), Unknown: unknown, Want: p.want.clone()}
		reason, err := calls.Contain(ctx, func() (string, error) { return rule(ctx, move) })
		switch {
		case err != nil && err == unknown:
			return have.unknown
		case err != nil:
			return p.ruleError(tag, err)
		case reason != "":
			return &TagConflictError{Tag: tag, Have: have.digest, Want: p.manifest.Digest, Reason: reason}
		}
	}
	return nil
}

func (p *push) ruleError(tag string, err error) error {
	failed := &TagRuleError{Tag: tag}
	failed.Stack, err = withoutPanic(err)
	failed.Err = p.client.shown(err)
	return &localError{nil, failed}
}

// withoutPanic returns an error that describes the panic that err is, and its stack: it
// must not become a panic of whoever gets the error.
func withoutPanic(err error) (stack []byte, described error) {
	panicked, ok := errors.AsType[*calls.Panic](err)
	if !ok {
		return nil, err
	}
	if cause := panicked.Unwrap(); cause != nil {
		return panicked.Stack, fmt.Errorf("panic: %w", cause)
	}
	if panicked.Value == nil {
		return panicked.Stack, errors.New("it ended its goroutine")
	}
	return panicked.Stack, fmt.Errorf("panic: %v", panicked.Value)
}

// revision returns the manifest of a tag, or nil if there is no such tag.
func (t tagState) revision() *Revision {
	if !t.exists {
		return nil
	}
	return revisionOf(t.desc, t.content)
}

// clone returns a copy that shares no map and no slice of the manifest.
func (r Revision) clone() Revision {
	content, _ := json.Marshal(r.Manifest) // it was read from JSON
	return *revisionOf(r.Descriptor, content)
}

func revisionOf(desc ocispec.Descriptor, content []byte) *Revision {
	r := &Revision{Descriptor: desc}
	if content != nil {
		_ = strictjson.Unmarshal(content, &r.Manifest) // one that cannot be read is as good as none
	}
	return r
}
