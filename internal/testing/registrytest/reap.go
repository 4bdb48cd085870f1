package registrytest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"
)

// ownerLabel is on every container and image that is made here. Its value says
// which process made it, so that those of runs that were killed can be told from
// those of runs that are under way.
const ownerLabel = "com.github.kubeoci.oci.test"

// owner is a process that makes containers.
type owner struct {
	Host string    `json:"host"`
	PID  int       `json:"pid"`
	Born string    `json:"born"` // when it was started, as far as the system says
	Made time.Time `json:"made"` // when the container was
}

// foreignAge is from what age on containers of other machines are taken to be left
// over, since whether their makers are alive cannot be known.
const foreignAge = 6 * time.Hour

func ownLabel() string {
	me := owner{hostname(), os.Getpid(), processBirth(os.Getpid()), time.Now().UTC()}
	label, _ := json.Marshal(me) // which is of plain values
	return string(label)
}

// hostname is that of this machine. Those that have none are the same.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// quoteLabel is a value as a Dockerfile has it.
func quoteLabel(value string) string { return strconv.Quote(value) }

// isDead reports whether the owner is gone for certain, or long enough away.
func (o owner) isDead(now time.Time) bool {
	if o.Host != hostname() {
		return now.Sub(o.Made) > foreignAge
	}
	return !isAlive(o.PID) || processBirth(o.PID) != o.Born
}

// reap removes the containers and images of runs that were killed.
func (d docker) reap(ctx context.Context) error {
	format := `{{.ID}} {{.Label "` + ownerLabel + `"}}`
	containers, err := d.run(ctx, "ps", "--all", "--no-trunc", "--filter", "label="+ownerLabel, "--format", format)
	if err != nil {
		return err
	}
	images, err := d.run(ctx, "image", "ls", "--no-trunc", "--filter", "label="+ownerLabel, "--format", "{{.ID}}")
	if err != nil {
		return err
	}
	var errs []error
	for id, label := range eachLine(containers) {
		errs = append(errs, d.reapOne(ctx, label, "rm", "--force", "--volumes", id))
	}
	for id := range eachLine(images) {
		label, err := d.run(ctx, "image", "inspect", "--format", `{{index .Config.Labels "`+ownerLabel+`"}}`, id)
		if err != nil {
			continue // its owner was faster
		}
		errs = append(errs, d.reapOne(ctx, label, "image", "rm", "--force", id))
	}
	return errors.Join(errs...)
}

// eachLine gives the first word of each line with the rest of it.
func eachLine(text string) func(func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
			if word, rest, _ := strings.Cut(lines.Text(), " "); !yield(word, rest) {
				return
			}
		}
	}
}

func (d docker) reapOne(ctx context.Context, label string, arguments ...string) error {
	var o owner
	if err := json.Unmarshal([]byte(label), &o); err != nil || !o.isDead(time.Now()) {
		return nil // it is in use, or nobody's that is known
	}
	_, err := d.run(ctx, arguments...)
	if err != nil && (strings.Contains(err.Error(), "No such") || strings.Contains(err.Error(), "in progress")) {
		return nil // somebody else was faster
	}
	return err
}
