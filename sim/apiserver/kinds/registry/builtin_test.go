package registry

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// Built-in kinds must default, check and count changes as the real server's
// strategies do. Each row takes an object through a create, and if it has an
// update through that too; expectations are the rules of Kubernetes 1.37.

// text renders errors one per line.
func text(errs field.ErrorList) []string {
	var lines []string
	for _, err := range errs {
		lines = append(lines, err.Error())
	}
	return lines
}

func readObject(t testing.TB, version *kinds.Version, content string) runtime.Object {
	t.Helper()
	obj := version.New()
	require.NoError(t, json.Unmarshal([]byte(content), obj))
	_, err := version.Strategy.Decoded(obj)
	require.NoError(t, err)
	return obj
}

const podTemplate = `"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i:1"}]}}`

func TestBuiltinCreate(t *testing.T) {
	for _, row := range []struct {
		resource, object string
		want             []string
		explanation      string
	}{
		{resource: "ipaddresses", object: `{"metadata":{"name":"192.0.2.1"},"spec":{"parentRef":{"group":"submariner.io","resource":"globalingressips","namespace":"n","name":"x"}}}`,
			explanation: "a claim of an address"},
		{resource: "ipaddresses", object: `{"metadata":{"name":"192.0.2.1"}}`,
			want: []string{"spec.parentRef: Required value"}, explanation: "an address is held by somebody"},
		{resource: "ipaddresses", object: `{"metadata":{"name":"192.0.2.1"},"spec":{"parentRef":{"group":"bad_group"}}}`,
			want: []string{
				`spec.parentRef.group: Invalid value: "bad_group": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
				"spec.parentRef.resource: Required value", "spec.parentRef.name: Required value",
			}, explanation: "who holds it must be findable"},
		{resource: "deployments", object: `{"spec":{"replicas":-1,"selector":{},"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}}`,
			want:        []string{"spec.replicas: Invalid value: -1: must be greater than or equal to 0", "spec.selector: Invalid value: {}: empty selector is invalid for deployment"},
			explanation: "a Deployment selects something"},
		{resource: "deployments", object: `{"spec":{"strategy":{"rollingUpdate":{"maxUnavailable":0,"maxSurge":"0%"}},` + podTemplate + `}}`,
			want: []string{"spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"}, explanation: "a rollout must be able to move"},
		{resource: "replicasets", object: `{"spec":{` + podTemplate + `}}`, explanation: "defaults fill the rest"},
		{resource: "statefulsets", object: `{"spec":{"serviceName":"s",` + podTemplate + `}}`, explanation: "defaults fill the rest"},
		{resource: "statefulsets", object: `{"spec":{"serviceName":"s","updateStrategy":{"rollingUpdate":{"maxUnavailable":0}},` + podTemplate + `}}`,
			want: []string{"spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0"}, explanation: "a rollout must be able to move"},
		{resource: "daemonsets", object: `{"spec":{"updateStrategy":{"rollingUpdate":{"maxSurge":1,"maxUnavailable":1}},` + podTemplate + `}}`,
			want: []string{"spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero"}, explanation: "either more Pods or fewer"},
		{resource: "jobs", object: `{"metadata":{"uid":"u"},"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}}`,
			want: []string{`spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"`}, explanation: "a Job ends"},
		{resource: "poddisruptionbudgets", object: `{"spec":{"minAvailable":1,"maxUnavailable":"101%"}}`,
			want: []string{
				`spec: Invalid value: {"minAvailable":1,"maxUnavailable":"101%"}: minAvailable and maxUnavailable cannot be both set`,
				`spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%`,
			}, explanation: "one bound is enough"},
		{resource: "endpointslices", object: `{"addressType":"IPv4","endpoints":[{"addresses":[]},{"addresses":["fd00::1"]}],"ports":[{"port":80},{"port":81}]}`,
			want:        []string{`ports[1].name: Duplicate value: ""`, "endpoints[0].addresses: Required value", `endpoints[1].addresses: Invalid value: "fd00::1": must be an IPv4 address`},
			explanation: "addresses are of the slice's type"},
		{resource: "pods", object: `{"spec":{"containers":[{"name":"c","image":"i"},{"name":"c"}]}}`,
			want: []string{"spec.containers[1].image: Required value", `spec.containers[1].name: Duplicate value: "c"`}, explanation: "containers have names of their own"},
		{resource: "pods", object: `{"spec":{}}`, want: []string{"spec.containers: Required value"}, explanation: "a Pod runs something"},
		{resource: "leases", object: `{"spec":{"leaseTransitions":-1}}`, want: []string{"spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"}, explanation: "a count"},
		{resource: "endpoints", object: `{"subsets":[{"addresses":[{"ip":"127.0.0.1"}],"ports":[{"port":80}]}]}`,
			want: []string{`subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)`}, explanation: "an endpoint is somewhere else"},
		{resource: "namespaces", object: `{"spec":{"finalizers":["bare"]}}`, want: []string{`spec.finalizers: Invalid value: "bare": name is neither a standard finalizer name nor is it fully qualified`}, explanation: "finalizers are qualified"},
	} {
		t.Run(row.resource, func(t *testing.T) {
			version := &kindOf(t, New(kinds.Options{}), row.resource).Versions[0]
			obj := readObject(t, version, row.object)
			version.Strategy.PrepareForCreate(obj)
			assert.Equal(t, row.want, text(version.Strategy.Validate(obj)), row.explanation)
		})
	}
}

func TestBuiltinUpdate(t *testing.T) {
	const claim = `"spec":{"parentRef":{"resource":"things","name":%q}}`
	const pod = `{"spec":{"nodeName":"n","containers":[{"name":"c","image":%q}]%s}}`
	for _, row := range []struct {
		name, resource, old, now string
		want                     []string
		generation               int64
		explanation              string
	}{
		{name: "same holder", resource: "ipaddresses", old: fmt.Sprintf(`{`+claim+`}`, "x"), now: fmt.Sprintf(`{"metadata":{"labels":{"a":"b"}},`+claim+`}`, "x"),
			explanation: "labels may change"},
		{name: "other holder", resource: "ipaddresses", old: fmt.Sprintf(`{`+claim+`}`, "x"), now: fmt.Sprintf(`{`+claim+`}`, "y"),
			want: []string{"spec.parentRef: Invalid value: null: field is immutable"}, explanation: "an address is not handed over"},
		{name: "image", resource: "pods", old: fmt.Sprintf(pod, "i:1", ""), now: fmt.Sprintf(pod, "i:2", ""), generation: 2, explanation: "an image may change"},
		{name: "host network", resource: "pods", old: fmt.Sprintf(pod, "i:1", ""), now: fmt.Sprintf(pod, "i:1", `,"hostNetwork":true`), generation: 2,
			want:        []string{"spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"},
			explanation: "a running Pod stays what it is"},
		{name: "selector", resource: "statefulsets", old: `{"spec":{"serviceName":"s",` + podTemplate + `}}`, now: `{"spec":{"serviceName":"t",` + podTemplate + `}}`, generation: 2,
			want: []string{`spec.serviceName: Invalid value: "t": field is immutable`}, explanation: "a StatefulSet's Pods are found under one service"},
		{name: "annotations", resource: "deployments", old: `{"spec":{` + podTemplate + `}}`, now: `{"metadata":{"annotations":{"a":"b"}},"spec":{` + podTemplate + `}}`, generation: 2,
			explanation: "annotations are copied to ReplicaSets, so they count"},
		{name: "annotations", resource: "replicasets", old: `{"spec":{` + podTemplate + `}}`, now: `{"metadata":{"annotations":{"a":"b"}},"spec":{` + podTemplate + `}}`, generation: 1,
			explanation: "elsewhere annotations do not count"},
		{name: "roleRef", resource: "rolebindings", old: `{"roleRef":{"kind":"Role","name":"a"}}`, now: `{"roleRef":{"kind":"Role","name":"b"}}`,
			want: []string{`roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"b"}: field is immutable`}, explanation: "a binding is to one role"},
	} {
		t.Run(row.resource+" "+row.name, func(t *testing.T) {
			version := &kindOf(t, New(kinds.Options{}), row.resource).Versions[0]
			old := readObject(t, version, row.old)
			version.Strategy.PrepareForCreate(old)
			obj := readObject(t, version, row.now)
			copyServerFields(t, obj, old)
			version.Strategy.PrepareForUpdate(obj, old)
			assert.Equal(t, row.want, text(version.Strategy.ValidateUpdate(obj, old)), row.explanation)
			accessor, err := meta.Accessor(obj)
			require.NoError(t, err)
			assert.Equal(t, row.generation, accessor.GetGeneration(), row.explanation)
		})
	}
}

// copyServerFields is what a client that read the object before sends along.
func copyServerFields(t *testing.T, obj, old runtime.Object) {
	t.Helper()
	now, err := meta.Accessor(obj)
	require.NoError(t, err)
	before, err := meta.Accessor(old)
	require.NoError(t, err)
	now.SetGeneration(before.GetGeneration())
	if pod, ok := obj.(*corev1.Pod); ok {
		spec := old.(*corev1.Pod).Spec
		pod.Spec.Priority, pod.Spec.PreemptionPolicy, pod.Spec.Tolerations = spec.Priority, spec.PreemptionPolicy, spec.Tolerations
	}
}

func TestNamesOfBuiltinKinds(t *testing.T) {
	for _, row := range []struct {
		resource, name string
		valid          bool
		explanation    string
	}{
		{"ipaddresses", "192.0.2.1", true, "canonical IPv4"},
		{"ipaddresses", "192.0.2.01", false, "leading zeros would be another spelling"},
		{"ipaddresses", "fd00::1", true, "canonical IPv6"},
		{"ipaddresses", "fd00:0::1", false, "zeros not compressed"},
		{"ipaddresses", "FD00::1", false, "capitals"},
		{"ipaddresses", "::ffff:192.0.2.1", false, "IPv4 in IPv6 clothes"},
		{"services", "1a", true, "a DNS label may begin with a digit"},
		{"services", "a.b", false, "no dots"},
		{"configmaps", "a.b", true, "a DNS subdomain"},
		{"roles", "system:node", true, "anything that can stand in a path"},
		{"roles", "a/b", false, "a slash cannot"},
		{"namespaces", "a.b", false, "a DNS label"},
	} {
		version := &kindOf(t, New(kinds.Options{}), row.resource).Versions[0]
		assert.Equal(t, row.valid, len(version.Strategy.ValidateName(row.name, false)) == 0, "%s %s: %s", row.resource, row.name, row.explanation)
	}
}

func TestNamespaceIsBornActive(t *testing.T) {
	version := &kindOf(t, New(kinds.Options{}), "namespaces").Versions[0]
	ns := readObject(t, version, `{"metadata":{"name":"x","labels":{"a":"b","kubernetes.io/metadata.name":"lie"}},"status":{"phase":"Terminating"}}`).(*corev1.Namespace)
	version.Strategy.PrepareForCreate(ns)
	assert.Equal(t, map[string]string{"a": "b", "kubernetes.io/metadata.name": "x"}, ns.Labels)
	assert.Equal(t, []corev1.FinalizerName{"kubernetes"}, ns.Spec.Finalizers)
	assert.Equal(t, corev1.NamespaceActive, ns.Status.Phase)
	change := ns.DeepCopy()
	change.Spec.Finalizers, change.Labels = nil, nil
	version.Strategy.PrepareForUpdate(change, ns)
	assert.Equal(t, ns.Spec, change.Spec, "only /finalize removes finalizers")
	assert.Equal(t, "x", change.Labels["kubernetes.io/metadata.name"])
}

func TestEventsOfBothAPIsAreOne(t *testing.T) {
	r := New(kinds.Options{})
	_, version, found := r.Resource(eventsv1.SchemeGroupVersion.WithResource("events"))
	require.True(t, found)
	event := readObject(t, version, `{"metadata":{"name":"e","namespace":"default"},"eventTime":"2000-01-01T00:00:00.000001Z","type":"Normal","reason":"R","action":"A","note":"N","reportingController":"c.io/x","reportingInstance":"i","regarding":{"kind":"Pod","name":"p","namespace":"default"},"series":{"count":3,"lastObservedTime":"2000-01-01T00:00:01.000000Z"}}`).(*eventsv1.Event)
	assert.Empty(t, version.Strategy.Validate(event))
	stored := version.ToStorage(event).(*corev1.Event)
	assert.Equal(t, "N", stored.Message)
	assert.Equal(t, "p", stored.InvolvedObject.Name)
	assert.EqualValues(t, 3, stored.Series.Count)
	assert.Equal(t, event, version.FromStorage(stored), "there and back")
	assert.Equal(t, "p", version.SelectableFields(event)["regarding.name"])

	event.Note, event.DeprecatedCount = "changed", 1
	old := version.FromStorage(stored)
	assert.Equal(t, []string{`message: Invalid value: "changed": field is immutable`, "count: Invalid value: 1: field is immutable"}, text(version.Strategy.ValidateUpdate(event, old)))
}

func TestPodUpdatePutsDefaultsBack(t *testing.T) {
	strategy := kindOf(t, New(kinds.Options{}), "pods").Versions[0].Strategy
	pod := func(labels string) *corev1.Pod {
		return readObject(t, &kindOf(t, New(kinds.Options{}), "pods").Versions[0],
			`{"metadata":{"name":"p","namespace":"default","labels":{`+labels+`}},"spec":{"containers":[{"name":"c","image":"i"}]}}`).(*corev1.Pod)
	}
	old := pod("")
	strategy.PrepareForCreate(old)
	require.Len(t, old.Spec.Tolerations, 2)
	sent := pod(`"a":"b"`)
	strategy.PrepareForUpdate(sent, old)
	assert.Equal(t, old.Spec, sent.Spec, "what the client left out is put back")
	assert.Zero(t, sent.Generation, "so the spec has not changed and no generation is counted")
	assert.Empty(t, text(strategy.ValidateUpdate(sent, old)))
}

func TestStatefulSetRollsOutOneByOne(t *testing.T) {
	version := &kindOf(t, New(kinds.Options{}), "statefulsets").Versions[0]
	set := readObject(t, version, `{"spec":{"serviceName":"s",`+podTemplate+`}}`).(*appsv1.StatefulSet)
	assert.Equal(t, "1", set.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable.String())
}

// What is said of a pod template is said when an object is created and when its generation
// moves, of a DaemonSet when the template changes; as a kube-apiserver 1.37 answered.
func TestTemplateWarnings(t *testing.T) {
	const spec = `"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}],"restartPolicy":"%s","terminationGracePeriodSeconds":-1}`
	const says = ".spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
	always, never := fmt.Sprintf(spec, "Always"), fmt.Sprintf(spec, "Never")
	for resource, c := range map[string]struct {
		object, update, path string
		again                bool
	}{
		"deployments":            {`{"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{` + always + `}%s}}`, `,"minReadySeconds":3`, "spec.template", true},
		"replicasets":            {`{"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{` + always + `}%s}}`, `,"minReadySeconds":3`, "spec.template", true},
		"statefulsets":           {`{"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{` + always + `}%s}}`, `,"minReadySeconds":3`, "spec.template", true},
		"daemonsets":             {`{"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{` + always + `}%s}}`, `,"minReadySeconds":3`, "spec.template", false},
		"replicationcontrollers": {`{"spec":{"selector":{"a":"b"},"template":{` + always + `}%s}}`, `,"minReadySeconds":3`, "spec.template", true},
		"jobs":                   {`{"spec":{"template":{` + never + `}%s}}`, `,"suspend":true`, "spec.template", true},
		"cronjobs":               {`{"spec":{"schedule":"* * * * *","jobTemplate":{"spec":{"template":{` + never + `}}}%s}}`, `,"suspend":true`, "spec.jobTemplate.spec.template", true},
		"podtemplates":           {`{"template":{` + always + `}%s}`, ``, "template", false},
	} {
		t.Run(resource, func(t *testing.T) {
			version := &kindOf(t, New(kinds.Options{}), resource).Versions[0]
			old := readObject(t, version, fmt.Sprintf(c.object, ""))
			accessor, err := meta.Accessor(old)
			require.NoError(t, err)
			accessor.SetName("x")
			version.Strategy.PrepareForCreate(old)
			want := []string{c.path + says}
			assert.Equal(t, want, version.Strategy.WarningsOnCreate(old))

			same := old.DeepCopyObject()
			version.Strategy.PrepareForUpdate(same, old)
			assert.Empty(t, version.Strategy.WarningsOnUpdate(same, old), "nothing has changed")

			if !c.again {
				want = nil
			}
			other := readObject(t, version, fmt.Sprintf(c.object, c.update))
			copyServerFields(t, other, old)
			version.Strategy.PrepareForUpdate(other, old)
			assert.Equal(t, want, version.Strategy.WarningsOnUpdate(other, old))
		})
	}
}
