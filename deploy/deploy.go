// Package deploy holds the manifests of a GlobalIngressIP controller's
// installation, and hands its CustomResourceDefinitions to whoever sets up an
// API server from Go.
package deploy

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed crds/*.yaml
var crds embed.FS

// CRDs returns the CustomResourceDefinitions the controller needs, as YAML, one
// document each, in the order of their file names. They are what
// `kubectl apply -f deploy/crds` installs.
func CRDs() [][]byte {
	names, err := fs.Glob(crds, "crds/*.yaml")
	if err != nil {
		panic(fmt.Sprintf("deploy: the embedded pattern is malformed: %v", err))
	}

	documents := make([][]byte, 0, len(names))

	for _, name := range names {
		document, err := crds.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("deploy: embedded file %s cannot be read: %v", name, err))
		}

		documents = append(documents, document)
	}

	return documents
}
