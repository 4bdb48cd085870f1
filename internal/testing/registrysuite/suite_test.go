package registrysuite_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrysuite"
	"github.com/kubeoci/oci/internal/testing/registrytest"
)

// The environment selects the registry: OCI_TEST_REGISTRY_KIND=all means every
// available one. OCI_TEST_REPORT names a file for the results.
func TestRegistries(t *testing.T) {
	report := registrysuite.NewReport()
	found, absent := registrytest.Every(t)
	for _, source := range found {
		t.Run(string(source.Kind), func(t *testing.T) {
			var opts registrysuite.Options
			if source.Spare {
				opts.LargeLayer = 32 << 20
			}
			report.Registries = append(report.Registries, registrysuite.Run(t, source, opts))
		})
	}
	for _, a := range absent {
		report.Absent = append(report.Absent, a.Error())
		t.Log(a)
	}
	if file := os.Getenv("OCI_TEST_REPORT"); file != "" {
		require.NoError(t, report.Write(file))
	}
}
