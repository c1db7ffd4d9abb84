package custom

import (
	"slices"
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// crdTable is that of the real server's own convertor for definitions, whose
// package would bring in the whole of the generic server.
func crdTable() kinds.Table {
	columns := []metav1.TableColumnDefinition{
		kinds.NameColumn,
		{Name: "Scope", Type: "string", Description: "Cluster/Namespaced"},
		{Name: "Versions", Type: "string", Description: "Served versions"},
		{Name: "Created At", Type: "date", Description: kinds.MetaDoc["creationTimestamp"]},
		{Name: "Group", Type: "string", Priority: 1, Description: "API group"},
		{Name: "Kind", Type: "string", Priority: 1, Description: "CustomResource kind"},
		{Name: "ShortNames", Type: "string", Priority: 1, Description: "Short names"},
		{Name: "Established", Type: "boolean", Priority: 1, Description: "Established status"},
	}
	return kinds.TableOf(columns, func(crd *apiextensionsv1.CustomResourceDefinition, _ time.Time) []any {
		return []any{
			crd.Name, string(crd.Spec.Scope), servedVersions(crd), crd.CreationTimestamp.UTC().Format(time.RFC3339),
			crd.Spec.Group, crd.Spec.Names.Kind, strings.Join(crd.Spec.Names.ShortNames, ","),
			conditionTrue(crd, apiextensionsv1.Established),
		}
	})
}

// servedVersions are sorted as text, the one that is stored marked.
func servedVersions(crd *apiextensionsv1.CustomResourceDefinition) string {
	var versions []string
	for _, version := range crd.Spec.Versions {
		if !version.Served {
			continue
		}
		label := version.Name
		if version.Storage {
			label += "(storage)"
		}
		versions = append(versions, label)
	}
	slices.Sort(versions)
	return strings.Join(versions, ",")
}
