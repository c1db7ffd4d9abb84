package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios"
)

// Goal: a scenario file may take definitions from the module that it takes its program
// from. Method: a module that go.mod requires, so that it is there; and names that are
// wrong in the module, the version or the file, each told in one line.

func TestFilesOfAPublishedModule(t *testing.T) {
	const head = "apiVersion: seatrial.dev/v1alpha1\nkind: Scenario\nname: published\n"
	const definitions = "cluster: ['sigs.k8s.io/mcs-api@v0.5.2/config/crd-base/*.yaml']\n"
	_, err := scenarios.Parse("good.yaml", []byte(head+definitions+
		"objects: [{apiVersion: multicluster.x-k8s.io/v1alpha1, kind: ServiceExport, metadata: {name: a}}]\n"), nil)
	require.NoError(t, err)

	for name, c := range map[string]struct{ cluster, want string }{
		"no such file":      {"sigs.k8s.io/mcs-api@v0.5.2/config/crd-bass/*.yaml", "config/crd-bass/*.yaml: no such file"},
		"no such version":   {"sigs.k8s.io/mcs-api@vier/config/crd-base/*.yaml", "bad.yaml:4:11: cluster[0]: manifests sigs.k8s.io/mcs-api@vier/config/crd-base/*.yaml: fetching module sigs.k8s.io/mcs-api@vier: "},
		"a file with an at": {"a@v1/none.yaml", "bad.yaml:4:11: cluster[0]: manifests a@v1/none.yaml: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scenarios.Parse("bad.yaml", []byte(head+"cluster: ['"+c.cluster+"']\n"), nil)
			assert.ErrorContains(t, err, c.want)
		})
	}
}
