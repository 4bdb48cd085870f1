package objects_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What Flux replaces is no secret, whatever its default is.
func TestVariables(t *testing.T) {
	for value, literal := range map[string]bool{
		"${A}":                         false,
		"${A:=b}":                      false,
		"${A:-b c}":                    false,
		"${A=b}":                       false,
		"${A:=}":                       false,
		"${A:=${B}}":                   false,
		"${A}${B:=c}":                  false,
		"${A}:${B}":                    false,
		"'${A:=b}'":                    false,
		"|\n    ${A}\n\n    ${B:=c}\n": false,
		"|\n    ${A}\n    password\n":  true,
		"|\n    password: ${A}\n":      true,
		"a${A}":                        true,
		"${A}1":                        true,
		"${A-b}":                       true, // Flux knows no such operator
		"${A:+b}":                      true,
		"$${A}":                        true,
		"$A":                           true,
		"${A:=b":                       true,
		"${}":                          true,
		"\":\"":                        true,
		"é${A}":                        true,
	} {
		t.Run(value, func(t *testing.T) {
			file := scan(t, "a.yaml", []byte("apiVersion: v1\nkind: Secret\nstringData:\n  a: "+value+"\n"))
			assert.Equal(t, literal, file.Objects[0].Secret)
		})
	}
}
