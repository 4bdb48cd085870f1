package gitops

import (
	"bytes"

	"go.yaml.in/yaml/v4"
)

// object is an object of Kubernetes, with its fields in the usual order.
type object struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   metadata          `yaml:"metadata"`
	StringData map[string]string `yaml:"stringData,omitempty"`
	Spec       any               `yaml:"spec,omitempty"`
}

type metadata struct {
	Name      string            `yaml:"name"`
	Namespace string            `yaml:"namespace"`
	Labels    map[string]string `yaml:"labels,omitempty"`
}

// named refers to an object in the same namespace.
type named struct {
	Name string `yaml:"name"`
}

// secretRef returns nil for no Secret, which is not written.
func secretRef(name string) *named {
	if name == "" {
		return nil
	}
	return &named{name}
}

// documents returns the objects as YAML, one document each. Readers of YAML 1.1, such as the
// API server, find the same strings in it.
func documents(objects ...object) ([]byte, error) {
	var b bytes.Buffer
	dumper, err := yaml.NewDumper(&b, yaml.WithIndent(2), yaml.WithCompactSeqIndent(true), yaml.WithLineWidth(-1), yaml.WithQuotePreference(yaml.QuoteDouble))
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if err := dumper.Dump(o); err != nil {
			return nil, err
		}
	}
	err = dumper.Close()
	return b.Bytes(), err
}
