// Package deploy holds the manifests of a GlobalIngressIP controller's
// installation, and hands those that an API server needs, before anything runs, to
// whoever sets one up from Go.
package deploy

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
)

var (
	//go:embed crds/*.yaml
	crds embed.FS
	//go:embed namespace.yaml
	namespace []byte
	//go:embed rbac.yaml
	rbac []byte
)

// Namespace is where the controller is installed, ServiceAccount what it runs as.
const (
	Namespace      = "submariner-operator"
	ServiceAccount = "globalingressip-controller"
)

// Access returns the namespace, the ServiceAccount and the RBAC objects, as YAML,
// one document each, in an order in which they can be created.
func Access() [][]byte {
	return append([][]byte{namespace}, bytes.Split(rbac, []byte("\n---\n"))...)
}

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
