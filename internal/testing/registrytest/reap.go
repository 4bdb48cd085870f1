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

// ownerLabel labels every container and image created here. Its value identifies the
// process that created it, so that leftovers of killed runs can be told apart from
// containers of running ones.
const ownerLabel = "com.github.kubeoci.oci.test"

// owner is a process that creates containers.
type owner struct {
	Host string    `json:"host"`
	PID  int       `json:"pid"`
	Born string    `json:"born"` // when it was started, if the system reports that
	Made time.Time `json:"made"` // when the container was created
}

// foreignAge is the age from which containers of other machines count as left over,
// because their owners cannot be checked.
const foreignAge = 6 * time.Hour

func ownLabel() string {
	me := owner{hostname(), os.Getpid(), processBirth(os.Getpid()), time.Now().UTC()}
	label, _ := json.Marshal(me) // plain values always marshal
	return string(label)
}

// hostname returns the name of this machine, or "" if it has none.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// quoteLabel quotes a value for a Dockerfile.
func quoteLabel(value string) string { return strconv.Quote(value) }

// isDead reports whether the owner has ended, or is on another machine and older than
// foreignAge.
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
			continue // its owner removed it meanwhile
		}
		errs = append(errs, d.reapOne(ctx, label, "image", "rm", "--force", id))
	}
	return errors.Join(errs...)
}

// eachLine yields the first word of each line and the rest of it.
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
		return nil // in use, or of an unknown owner
	}
	_, err := d.run(ctx, arguments...)
	if err != nil && (strings.Contains(err.Error(), "No such") || strings.Contains(err.Error(), "in progress")) {
		return nil // another process removes it
	}
	return err
}
