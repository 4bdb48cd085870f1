package boundyaml_test

import (
	"context"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/boundyaml"
)

// load returns the number of documents, and the error that ended them.
func load(t *testing.T, text string, depth int) (int, error) {
	t.Helper()
	loader, err := boundyaml.NewLoader(t.Context(), []byte(text), boundyaml.Limits{Depth: depth, Memory: 1 << 40})
	require.NoError(t, err)
	for n := 0; ; n++ {
		var document yaml.Node
		if err := loader.Load(&document); err != nil {
			require.Zero(t, document)
			return n, err
		}
		require.Equal(t, yaml.DocumentNode, document.Kind)
	}
}

// flow is a little shorter than the limit of a stretch, and cheap to read.
var (
	flow = `["` + strings.Repeat("a", boundyaml.MaxFlow-2_000) + `"]`
	half = `["` + strings.Repeat("a", boundyaml.MaxFlow/2-2_000) + `"]`
)

func TestWithinLimits(t *testing.T) {
	for _, tt := range []struct {
		name      string
		text      string
		documents int
	}{
		{"nothing", "", 0},
		{"documents", "a: b\n---\n- c\n---\n", 3},
		{"depth", strings.Repeat("- ", 1_000) + "a", 1},
		{"depth in flow style", strings.Repeat("[", boundyaml.MaxFlowDepth) + strings.Repeat("]", boundyaml.MaxFlowDepth), 1},
		{"both", strings.Repeat("- ", 500) + strings.Repeat("[", 250) + strings.Repeat("]", 250), 1},
		{"flow style", flow, 1},
		{"flow style in small pieces", "[" + strings.Repeat("a,", boundyaml.MaxFlow/2-1_000) + "]", 1},
		{"flow style in a mapping", "a: " + flow + "\nb: c\n", 1},
		{"flow style, and much in block style", "a: [b]\nc:\n  d: e\n" + strings.Repeat("  # comment\n", boundyaml.MaxFlow), 1},
		{"flow style in three documents", half + "\n---\n" + half + "\n---\n" + half, 3}, // the parser reads ahead
		{"flow style in two mappings", "- a: " + flow + "\n- b: " + flow, 1},
		{"small pieces", strings.Repeat("- a: {}\n", boundyaml.MaxFlow), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := load(t, tt.text, 1_000)
			require.ErrorIs(t, err, io.EOF)
			assert.Equal(t, tt.documents, n)
		})
	}
}

func TestBeyondLimits(t *testing.T) {
	for _, tt := range []struct {
		name         string
		text         string
		err          error
		line, column int
	}{
		{"depth", "a:\n" + strings.Repeat("- ", 1_001) + "a", boundyaml.ErrTooDeep, 2, 2_001},
		{"depth in flow style", "a:\n - é\n - [" + strings.Repeat("[", boundyaml.MaxFlowDepth), boundyaml.ErrFlowTooDeep, 3, 254},
		{"flow style", "é: [" + strings.Repeat("é,", boundyaml.MaxFlow) + "]", boundyaml.ErrFlowTooLong, 1, 0},
		{"on one line", strings.Repeat("{}", boundyaml.MaxFlow), boundyaml.ErrFlowTooLong, 1, 0},
		{"on many lines", strings.Repeat("{\n}", boundyaml.MaxFlow), boundyaml.ErrFlowTooLong, 0, 0},
		{"in a later document", "[a]\n---\n[" + strings.Repeat("a,", boundyaml.MaxFlow) + "]", boundyaml.ErrFlowTooLong, 3, 0},
		{"in many documents", strings.Repeat(flow+"\n---\n", boundyaml.MaxFlows/boundyaml.MaxFlow+2), boundyaml.ErrFlowTooLong, 0, 0},
		{"in many mappings", strings.Repeat("- a: "+flow+"\n", boundyaml.MaxFlows/boundyaml.MaxFlow+2), boundyaml.ErrFlowTooLong, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.text, 1_000)
			require.ErrorIs(t, err, tt.err)
			limitErr, ok := errors.AsType[*boundyaml.Error](err)
			require.True(t, ok)
			if tt.line > 0 {
				assert.Equal(t, tt.line, limitErr.Line)
			}
			if tt.column > 0 {
				assert.Equal(t, tt.column, limitErr.Column)
			}
			assert.LessOrEqual(t, limitErr.Line, strings.Count(tt.text, "\n")+1)
			assert.Positive(t, limitErr.Column)
			assert.NotContains(t, err.Error(), "aa")
		})
	}
}

// Other errors are the parser's, with its position.
func TestOtherErrors(t *testing.T) {
	_, err := load(t, "a: [\n", 1_000)
	loadErr, ok := errors.AsType[*yaml.LoadError](err)
	require.True(t, ok)
	assert.Equal(t, yaml.ParserStage, loadErr.Stage)
}

// memoryOf loads a document and returns the memory of its nodes.
func memoryOf(t *testing.T, text string) (used, estimated int64) {
	t.Helper()
	loader, err := boundyaml.NewLoader(t.Context(), []byte(text), boundyaml.Limits{Depth: 1_000, Memory: math.MaxInt64})
	require.NoError(t, err)
	document := new(yaml.Node)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	require.NoError(t, loader.Load(document))
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(document)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc), loader.Need()
}

// The memory that is estimated is never less than the one that is used, whatever the
// text repeats, and not much more for manifests.
func TestMemoryIsEstimatedFromAbove(t *testing.T) {
	if testing.Short() {
		t.Skip("takes one goroutine many times longer with the race detector")
	}
	const size = 100_000
	for _, text := range []string{
		"?\n", ":\n", "- a\n", "- - -\n", "- &a\n", "- &b a\n", "- !\n", "- !a\n", "a:\n", "? a\n: b\n", "-\u0085", "? ? ?\n", "- a #\n", "#\n- a\n", "- a\n#\n\n", "- |\n  a\n",
		"- [?,?,?]\n", "- [:,:,:]\n", "- {?,?,?}\n", "- {:,:,:}\n", "- [a,a]\n", "- [[],[],{}]\n", "- {a: b, c: {d: e}}\n", "- \"\\_\\_\\_\\_\"\n", "- 'a'\n",
		"- kind: Deployment\n  metadata:\n    name: app\n    labels: {a: b, c: d}\n  spec: # comment\n    command: [a, b]\n    image: example.com/app:v1\n",
	} {
		t.Run(text, func(t *testing.T) {
			used, estimated := memoryOf(t, strings.Repeat(text, size/len(text)))
			assert.LessOrEqual(t, used, estimated+20_000) // of the parser itself
			assert.Less(t, estimated, 5*used+50_000)
		})
	}
	t.Run("the prefix of tags", func(t *testing.T) {
		used, estimated := memoryOf(t, "%TAG !a! "+strings.Repeat("x", 10_000)+"\n---\n"+strings.Repeat("- !a!b\n", 500))
		assert.LessOrEqual(t, used, estimated+20_000)
	})
}

func TestTooManyValues(t *testing.T) {
	for name, text := range map[string]string{
		"block style":         "a:\n" + strings.Repeat("- b\n", 10_000),
		"flow style":          "a: [" + strings.Repeat("?,", 10_000) + "]",
		"many flow styles":    strings.Repeat("- [?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?]\n", 1_000),
		"comments":            "a: &b\n" + strings.Repeat("- a\n#\n\n", 5_000),
		"prefixes of tags":    "%TAG !a! " + strings.Repeat("x", 10_000) + "\n---\n" + strings.Repeat("- !a!b\n", 1_000),
		"in a later document": "a: b\n---\n" + strings.Repeat("?\n", 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			loader, err := boundyaml.NewLoader(t.Context(), []byte(text), boundyaml.Limits{Depth: 1_000, Memory: 1 << 20})
			require.NoError(t, err)
			for err == nil {
				err = loader.Load(new(yaml.Node))
			}
			require.ErrorIs(t, err, boundyaml.ErrTooManyValues)
		})
	}
	t.Run("not in many documents", func(t *testing.T) {
		loader, err := boundyaml.NewLoader(t.Context(), []byte(strings.Repeat("a: b\n---\n", 10_000)), boundyaml.Limits{Depth: 1_000, Memory: 1 << 20})
		require.NoError(t, err)
		for err == nil {
			err = loader.Load(new(yaml.Node))
		}
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestLoadingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	loader, err := boundyaml.NewLoader(ctx, []byte("a: b\n---\n"+strings.Repeat("- a\n", 10_000)), boundyaml.Limits{Depth: 1_000, Memory: math.MaxInt64})
	require.NoError(t, err)
	require.NoError(t, loader.Load(new(yaml.Node)))
	cancel()
	require.ErrorIs(t, loader.Load(new(yaml.Node)), context.Canceled)
}
