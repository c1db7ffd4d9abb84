// The manifests are decoded strictly into the types that the API server uses,
// and compared with what the code says: names, scope, the status subresource.
package deploy_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/seatrial/seatrial/deploy"
)

func TestCRDs(t *testing.T) {
	served := map[string][]string{}

	for _, document := range deploy.CRDs() {
		var crd apiextensionsv1.CustomResourceDefinition
		require.NoError(t, sigsyaml.UnmarshalStrict(document, &crd))
		assert.Equal(t, apiextensionsv1.NamespaceScoped, crd.Spec.Scope, crd.Name)

		for _, version := range crd.Spec.Versions {
			served[crd.Name] = append(served[crd.Name], version.Name)
			assert.NotNil(t, version.Subresources.Status, crd.Name)
		}

		if crd.Name == "globalingressips.submariner.io" {
			assert.Equal(t, []string{"giip"}, crd.Spec.Names.ShortNames)
		}
	}

	assert.Equal(t, map[string][]string{
		"globalingressips.submariner.io":       {"v1"},
		"serviceexports.multicluster.x-k8s.io": {"v1alpha1", "v1beta1"},
	}, served)
}

// What Access hands out is what the files hold, and names what the constants name.
func TestAccess(t *testing.T) {
	decoder := serializer.NewCodecFactory(clientgoscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

	var names []string

	for _, document := range deploy.Access() {
		objects := decodeAll(t, decoder, document)
		require.Len(t, objects, 1)

		object, err := meta.Accessor(objects[0])
		require.NoError(t, err)

		names = append(names, fmt.Sprintf("%T %s/%s", objects[0], object.GetNamespace(), object.GetName()))
	}

	assert.Len(t, names, 6)
	assert.Contains(t, names, "*v1.Namespace /"+deploy.Namespace)
	assert.Contains(t, names, "*v1.ServiceAccount "+deploy.Namespace+"/"+deploy.ServiceAccount)
}

func TestManifestsDecodeStrictly(t *testing.T) {
	files := []string{"namespace.yaml", "rbac.yaml", "deployment.yaml", "poddisruptionbudget.yaml", "networkpolicy.yaml"}
	decoder := serializer.NewCodecFactory(clientgoscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)

		objects := decodeAll(t, decoder, content)
		assert.NotEmpty(t, objects, file)
	}

	kustomization, err := os.ReadFile("kustomization.yaml")
	require.NoError(t, err)

	for _, file := range files {
		assert.Contains(t, string(kustomization), file, "the kustomization lists every manifest")
	}
}

func decodeAll(t *testing.T, decoder runtime.Decoder, content []byte) []runtime.Object {
	t.Helper()

	var objects []runtime.Object

	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return slices.Clip(objects)
		}

		require.NoError(t, err)

		object, _, err := decoder.Decode(document, nil, nil)
		require.NoError(t, err, string(bytes.TrimSpace(document)))

		objects = append(objects, object)
	}
}

// What the dashboard asks for is what the controller says.
func TestDashboardAsksForMetricsThatExist(t *testing.T) {
	text, err := os.ReadFile("grafana-dashboard.json")
	require.NoError(t, err)

	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &dashboard))

	source, err := os.ReadFile("../controller/metrics.go")
	require.NoError(t, err)

	for _, panel := range dashboard.Panels {
		require.NotEmpty(t, panel.Targets, panel.Title)

		for _, target := range panel.Targets {
			for _, name := range regexp.MustCompile(`(globalingressip|submariner)_\w+`).FindAllString(target.Expr, -1) {
				assert.Contains(t, string(source), `"`+strings.TrimSuffix(name, "_bucket")+`"`, panel.Title)
			}
		}
	}
}

// The patch for gateways gives what nftables needs and leaves the rest.
func TestGatewayPatch(t *testing.T) {
	read := func(name string) []byte {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		converted, err := sigsyaml.YAMLToJSON(text)
		require.NoError(t, err)

		return converted
	}

	patched, err := strategicpatch.StrategicMergePatch(read("deployment.yaml"), read("gateway.yaml"), appsv1.Deployment{})
	require.NoError(t, err)

	var gateway appsv1.Deployment
	require.NoError(t, sigsyaml.UnmarshalStrict(patched, &gateway))

	spec := gateway.Spec.Template.Spec
	require.Len(t, spec.Containers, 1)
	assert.True(t, spec.HostNetwork)
	assert.Contains(t, spec.Containers[0].Args, "--data-path=nftables")
	assert.Equal(t, []corev1.Capability{"NET_ADMIN"}, spec.Containers[0].SecurityContext.Capabilities.Add)
	assert.True(t, *spec.Containers[0].SecurityContext.ReadOnlyRootFilesystem, "as before")
	assert.Empty(t, spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	assert.Len(t, spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution, 1)
	assert.NotNil(t, spec.Containers[0].LivenessProbe)
}
