package apiserver_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	openapiv2 "github.com/google/gnostic-models/openapiv2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"k8s.io/kube-openapi/pkg/spec3"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// What kubectl explain and its like look for is in the documents: the schemas of built-in
// kinds, with texts, references that lead somewhere, and how lists are merged.

func TestSchemasOfBuiltInKinds(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	r := w.do(0, "GET", "/openapi/v3/apis/apps/v1", "")
	require.Equal(t, 200, r.code)
	var doc spec3.OpenAPI
	require.NoError(t, json.Unmarshal(r.body, &doc))
	deployment := doc.Components.Schemas["io.k8s.api.apps.v1.Deployment"]
	require.NotNil(t, deployment)
	assert.Contains(t, deployment.Description, "declarative updates for Pods and ReplicaSets")
	assert.Equal(t, []any{map[string]any{"group": "apps", "version": "v1", "kind": "Deployment"}}, deployment.Extensions["x-kubernetes-group-version-kind"])
	spec := doc.Components.Schemas["io.k8s.api.apps.v1.DeploymentSpec"]
	assert.Equal(t, []string{"selector", "template"}, spec.Required)
	replicas := spec.Properties["replicas"]
	assert.Equal(t, "int32", replicas.Format)
	assert.Contains(t, replicas.Description, "Number of desired pods")
	template := spec.Properties["template"]
	require.Len(t, template.AllOf, 1)
	assert.Equal(t, "#/components/schemas/io.k8s.api.core.v1.PodTemplateSpec", template.AllOf[0].Ref.String())
	containers := doc.Components.Schemas["io.k8s.api.core.v1.PodSpec"].Properties["containers"]
	assert.Equal(t, "name", containers.Extensions["x-kubernetes-patch-merge-key"])
	for name, s := range doc.Components.Schemas {
		for field, p := range s.Properties {
			if len(p.AllOf) == 1 {
				ref := p.AllOf[0].Ref.String()
				assert.NotNil(t, doc.Components.Schemas[ref[len("#/components/schemas/"):]], "%s.%s refers to %s", name, field, ref)
			}
		}
	}
}

func TestDefinitionsOfOpenAPIV2(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	u, err := url.Parse("/openapi/v2")
	require.NoError(t, err)
	r := &recorder{}
	w.server.Handle(0, &apiserver.Request{User: "tester", Method: "GET", URL: u, Header: http.Header{"Accept": {"application/com.github.proto-openapi.spec.v2@v1.0+protobuf"}}}, r)
	require.Equal(t, 200, r.code)
	var doc openapiv2.Document
	require.NoError(t, proto.Unmarshal(r.body, &doc))
	names := map[string]bool{}
	for _, d := range doc.Definitions.AdditionalProperties {
		names[d.Name] = true
	}
	assert.True(t, names["io.k8s.api.core.v1.Pod"])
	assert.True(t, names["io.k8s.api.batch.v1.CronJobSpec"])
}
