package registrytest

import (
	"bytes"
	"embed"
	"encoding/json"
	"regexp"
	"text/template"
)

// product is a registry that is a program, with what it has to be told.
type product struct {
	name string
	// config is the template of its configuration, and the name of the file that
	// it becomes.
	config, file string
	// arguments come before the path of that file.
	arguments []string
	// environment is added to what the program gets.
	environment []string
	// ready is the path that answers once it is.
	ready string
	// listening finds the port in a line of its output.
	listening *regexp.Regexp
	// readers says that it knows users who may only read.
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
	environment: []string{"OTEL_TRACES_EXPORTER=none"}, // or it looks for a collector
	ready:       "/v2/",
	listening:   regexp.MustCompile(`listening on 127\.0\.0\.1:(\d+)`),
}

//go:embed testdata
var testdata embed.FS

// place is where a program runs: the folders of its configuration and of what it
// holds, and the address where it listens.
type place struct {
	Dir, Data     string
	Address, Port string
}

// files are the configuration, by name.
func (p product) files(setup Setup, at place, certs *certificates) (map[string][]byte, error) {
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
		place
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

// toJSON is text as JSON has it, and YAML too.
func toJSON(text string) (string, error) {
	quoted, err := json.Marshal(text)
	return string(quoted), err
}

// target describes what the program will be, and makes the certificates.
func (p product) target(setup Setup) (*Target, *certificates, error) {
	t, certs, err := plainTarget(setup)
	if err == nil && setup.Users && p.readers {
		t.Reader = reader()
	}
	return t, certs, err
}

// plainTarget is what every registry can be set up to be.
func plainTarget(setup Setup) (*Target, *certificates, error) {
	t := &Target{PlainHTTP: !setup.TLS}
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
