package trial

import (
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// catalogue knows every kind that the trial's cluster serves.
type catalogue struct {
	registry *kinds.Registry
	crds     []*apiextensionsv1.CustomResourceDefinition
}

// target is where an object of a kind is to be found.
type target struct {
	schema.GroupVersionResource
	namespaced bool
}

const definitionKind = "CustomResourceDefinition"

func newCatalogue(tr *Trial) (*catalogue, error) {
	c := &catalogue{registry: kinds.NewRegistry(kinds.Options{})}
	c.crds = append(c.crds, tr.Server.CRDs...)
	for _, object := range tr.Cluster.objects {
		if object.GetKind() != definitionKind {
			continue
		}
		crd := new(apiextensionsv1.CustomResourceDefinition)
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, crd, true); err != nil {
			return nil, fmt.Errorf("%s: %s %s: %w", object.place, definitionKind, object.GetName(), err)
		}
		c.crds = append(c.crds, crd)
	}
	seen := map[string]bool{}
	for _, crd := range c.crds {
		if seen[crd.Name] {
			return nil, fmt.Errorf("%s %s: it is there twice (want each once)", definitionKind, crd.Name)
		}
		seen[crd.Name] = true
		if _, err := c.registry.AddCRD(crd); err != nil {
			return nil, fmt.Errorf("%s %s: %w", definitionKind, crd.Name, err)
		}
	}
	return c, nil
}

// find tells where an object belongs. The error says what to declare.
func (c *catalogue) find(object manifest) (target, error) {
	gvk := object.GroupVersionKind()
	kind, version, ok := c.registry.Kind(gvk)
	if !ok {
		return target{}, fmt.Errorf("%s: kind: the cluster has no %s of %s (want a built-in kind, or its CustomResourceDefinition in Cluster)",
			object.place, gvk.Kind, gvk.GroupVersion())
	}
	return target{kind.Resource.WithVersion(version.Name), kind.Namespaced}, nil
}

// serves tells whether there is a resource of that name: its plural, with its group
// after a dot unless that is the core group.
func (c *catalogue) serves(resource string) bool {
	_, ok := c.registry.GroupResource(schema.ParseGroupResource(resource))
	return ok
}
