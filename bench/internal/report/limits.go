package report

import (
	"fmt"
	"io"
	"time"

	"github.com/kubeoci/oci/bench/internal/limits"
	"github.com/kubeoci/oci/bench/internal/process/usage"
)

// Limits are the steps of a push of a tree.
type Limits struct {
	Tree string `json:"tree"`
	limits.Limits
}

// Floor returns the lower bound for the wall time of a push, or zero if it is unknown.
func (r *Report) Floor(tree string, work limits.Work) time.Duration {
	for _, l := range r.Limits {
		if l.Tree == tree {
			return l.Bound(work)
		}
	}
	return 0
}

// Text writes the steps of a push for a terminal.
func (l Limits) Text(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s\n\n", l.about()); err != nil {
		return err
	}
	if err := align(w, l.steps()); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", l.bounds())
	return err
}

func (l Limits) about() string {
	return fmt.Sprintf("%s; the start of a process takes %s", Tree{Files: l.Files, Bytes: l.Size}.size(), Seconds(l.Start))
}

func (l Limits) bounds() string {
	cold := limits.Work{Compress: true}
	all := limits.Work{Both: true, Check: true, Compress: true}
	return fmt.Sprintf("To an instant registry, at least %s for an unchanged push with a cache, %s for a cold push of one copy without preflight, and %s for one with default options.",
		Seconds(l.Bound(limits.Work{})), Seconds(l.Bound(cold)), Seconds(l.Bound(all)))
}

// steps returns the table of the steps with its heading.
func (l Limits) steps() [][]string {
	rows := [][]string{{"step", "one core", "CPU", "MB/s", fmt.Sprintf("%d cores", l.Cores), "CPU", "MB/s"}}
	for _, s := range l.Steps {
		rows = append(rows, append(append([]string{s.Name}, speeds(s.Bytes, s.Alone)...), speeds(s.Bytes, s.Shared)...))
	}
	return rows
}

func speeds(bytes int64, used usage.Usage) []string {
	if used.Wall == 0 {
		return []string{"", "", ""}
	}
	perSecond := ""
	if bytes > 0 {
		perSecond = fmt.Sprintf("%.0f", float64(bytes)/1e6/used.Wall.Seconds())
	}
	return []string{Seconds(used.Wall), Seconds(used.CPU), perSecond}
}
