package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/preflight"
)

// printResult prints one line, after the findings unless they are those of the last push.
func (w *watcher) printResult(result oci.BuildResult, took time.Duration) error {
	if !reflect.DeepEqual(w.shown, preflight.Findings(result.Findings)) {
		w.shown = result.Findings
		w.printFindings(w.shown)
	}
	if w.json {
		result.Findings = w.env.HintFlags(result.Findings)
		return json.NewEncoder(w.env.Stdout).Encode(result)
	}
	verb := "pushed"
	if result.Unchanged {
		verb = "unchanged"
	}
	_, err := fmt.Fprintf(w.env.Stdout, "%s  %-9s  %s  %s  %s  %v\n", time.Now().Format(time.TimeOnly), verb,
		result.Artifact.Digest, result.Artifact.Reference, cli.Plural(len(result.Files), "file"), took.Round(time.Millisecond))
	return err
}

// failure describes a push that failed, as JSON.
type failure struct {
	Error   string              `json:"error"`
	Hint    string              `json:"hint,omitempty"`
	Refusal *oci.PreflightError `json:"refusal,omitempty"`
}

// printFailure prints a failure as JSON, if that is asked for.
func (w *watcher) printFailure(err error) error {
	if !w.json {
		return nil
	}
	failed := failure{Error: err.Error(), Hint: w.env.Hint(oci.Hint(err))}
	if refused, ok := errors.AsType[*oci.PreflightError](err); ok {
		failed.Refusal = &oci.PreflightError{Findings: w.env.HintFlags(refused.Findings), Reasons: w.env.HintFlags(refused.Reasons)}
	}
	return json.NewEncoder(w.env.Stdout).Encode(failed)
}

// report prints an error after which the program goes on.
func (w *watcher) report(err error) {
	if refused, ok := errors.AsType[*oci.PreflightError](err); ok {
		w.printFindings(refused.Findings)
		err = fmt.Errorf("not pushed: preflight refuses the artifact because of %s", cli.Counts(refused.Reasons))
	}
	cli.Status(w.env, err)
}

func (w *watcher) printFindings(findings preflight.Findings) {
	cli.PrintFindings(w.env.Stderr, findings, w.env.Style(w.env.Stderr, w.verbose))
}

// message prints a line for people.
func (w *watcher) message(format string, args ...any) {
	_, _ = fmt.Fprintf(w.env.Stderr, format+"\n", args...) // there is no other output to report it on
}
