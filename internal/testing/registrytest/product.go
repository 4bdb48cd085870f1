package registrytest

import (
	"bytes"
	"embed"
	"encoding/json"
	"regexp"
	"text/template"
)

// product is a registry that runs as a program, with its configuration.
type product struct {
	name string
	// config is the template of its configuration, and file the name of the file
	// written from it.
	config, file string
	// arguments come before the path of that file.
	arguments []string
	// environment is added to that of the program.
	environment []string
	// ready is the path that responds as soon as the registry is ready.
	ready string
	// listening finds the port in a line of its output.
	listening *regexp.Regexp
	// readers reports whether it supports read-only users.
	readers bool
}

var zot = product{
	name:      "zot",
	config:    "testdata/zot/config.json.tmpl",
	file:      "config.json",
	arguments: []string{"serve"},
	ready:     "/readyz",
	listening: regexp.MustCompile(`"port":(\d+).*listening on kernel chosen port|listening on kernel chosen port.*"port":(\d+)`),
	readers:   true,
}

var distribution = product{
	name:        "distribution",
	config:      "testdata/distribution/config.yml.tmpl",
	file:        "config.yml",
	arguments:   []string{"serve"},
	environment: []string{"OTEL_TRACES_EXPORTER=none"}, // otherwise it looks for a collector
	ready:       "/v2/",
	listening:   regexp.MustCompile(`listening on 127\.0\.0\.1:(\d+)`),
}

//go:embed testdata
var testdata embed.FS

// location holds the directories of a program's configuration and data, and the
// address on which it listens.
type location struct {
	Dir, Data     string
	Address, Port string
}

// files returns the files of the configuration by name.
func (p product) files(setup Setup, at location, certs *certificates) (map[string][]byte, error) {
	text, err := testdata.ReadFile(p.config)
	if err != nil {
		return nil, err
	}
	parsed, err := template.New(p.config).Funcs(template.FuncMap{"json": toJSON}).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var config bytes.Buffer
	if err := parsed.Execute(&config, struct {
		Setup
		location
	}{setup, at}); err != nil {
		return nil, err
	}
	files := map[string][]byte{p.file: config.Bytes()}
	if setup.Users {
		if files["htpasswd"], err = testdata.ReadFile("testdata/htpasswd"); err != nil {
			return nil, err
		}
	}
	if setup.TLS {
		files["server.crt"], files["server.key"] = certs.server.certificate, certs.server.key
		files["ca.crt"] = certs.authority
	}
	return files, nil
}

// toJSON quotes text for JSON and YAML.
func toJSON(text string) (string, error) {
	quoted, err := json.Marshal(text)
	return string(quoted), err
}

// instance describes the registry to be started and creates its certificates.
func (p product) instance(setup Setup) (*Instance, *certificates, error) {
	t, certs, err := plainInstance(setup)
	if err == nil && setup.Users && p.readers {
		t.Reader = reader()
	}
	return t, certs, err
}

// plainInstance describes a registry with the settings that every product supports.
func plainInstance(setup Setup) (*Instance, *certificates, error) {
	t := &Instance{PlainHTTP: !setup.TLS}
	if setup.Users {
		t.Writer = writer()
	}
	if !setup.TLS {
		return t, nil, nil
	}
	certs, err := newCertificates()
	if err != nil {
		return nil, nil, err
	}
	t.RootCAs = certs.pool
	if setup.ClientCertificates {
		pair, err := certs.client.load()
		if err != nil {
			return nil, nil, err
		}
		t.ClientCertificates = append(t.ClientCertificates, pair)
	}
	return t, certs, nil
}
