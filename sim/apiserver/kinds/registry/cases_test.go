package registry

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// What a kind does to an object must be what a real server did: these tests
// send the requests recorded in testdata/cases (kube-apiserver 1.37.1) through
// a minimal write path and compare specs, statuses, generations, causes and
// warnings. Metadata, headers and resource versions are not this package's
// business and are not compared.

type recordedCase struct {
	Name  string
	Steps []recordedStep
}

type recordedStep struct {
	ID      string
	Op      string
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Only   []string
	Expect struct {
		Status  int
		Headers map[string]string
		Body    map[string]any
	}
}

func readCase(t testing.TB, name string) recordedCase {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "cases", name+".json"))
	require.NoError(t, err)
	var c recordedCase
	require.NoError(t, json.Unmarshal(content, &c))
	return c
}

// newTestRegistry serves the definitions that the cases need.
func newTestRegistry(t testing.TB) *Registry {
	t.Helper()
	r := New(kinds.Options{})
	for _, step := range readCase(t, "setup").Steps {
		if step.Request.Method == http.MethodPost {
			crd := &apiextensionsv1.CustomResourceDefinition{}
			require.NoError(t, json.Unmarshal(step.Request.Body, crd))
			_, err := r.AddCRD(crd)
			require.NoError(t, err)
		}
	}
	return r
}

const testNamespace = "conformance"

// miniServer is the least that can create, update and delete: no metadata
// rules, no versions, no watch.
type miniServer struct {
	t        testing.TB
	registry *Registry
	objects  map[string]runtime.Object
	answers  map[string]map[string]any
}

func newMiniServer(t testing.TB) *miniServer {
	return &miniServer{t: t, registry: newTestRegistry(t), objects: map[string]runtime.Object{}, answers: map[string]map[string]any{}}
}

// target is what a path of the API means.
type target struct {
	kind              *kinds.Kind
	version           *kinds.Version
	key, name, status string
}

var apiPath = regexp.MustCompile(`^/apis?/(?:([^/]+\.[^/]+|apps|policy)/)?(v[^/]+)(?:/namespaces/([^/]+))?/([^/]+)(?:/([^/]+))?(?:/([^/]+))?$`)

func (s *miniServer) target(path string) (target, bool) {
	path, _, _ = strings.Cut(path, "?")
	parts := apiPath.FindStringSubmatch(path)
	if parts == nil {
		return target{}, false
	}
	kind, version, found := s.registry.Resource(schema.GroupVersionResource{Group: parts[1], Version: parts[2], Resource: parts[4]})
	if !found {
		return target{}, false
	}
	return target{kind: kind, version: version, key: kind.Resource.String() + "/" + parts[5], name: parts[5], status: parts[6]}, true
}

func decode(t testing.TB, version *kinds.Version, body []byte) runtime.Object {
	t.Helper()
	obj := version.New()
	if u, ok := obj.(*unstructured.Unstructured); ok {
		require.NoError(t, u.UnmarshalJSON(body))
		return u
	}
	require.NoError(t, json.Unmarshal(body, obj))
	return obj
}

// outcome is what a write path tells its client.
type outcome struct {
	obj      runtime.Object
	errs     []metav1.StatusCause
	warnings []string
}

func (s *miniServer) create(to target, body []byte) outcome {
	obj := decode(s.t, to.version, body)
	accessor, err := meta.Accessor(obj)
	require.NoError(s.t, err)
	if to.kind.Namespaced {
		accessor.SetNamespace(testNamespace)
	}
	unknown, err := to.version.Strategy.Decoded(obj)
	require.NoError(s.t, err)
	undo, err := allocate(to.version.Strategy, obj, nil)
	if err != nil {
		return outcome{errs: causesOf(err)}
	}
	to.version.Strategy.PrepareForCreate(obj)
	var errs field.ErrorList
	for _, message := range to.version.Strategy.ValidateName(accessor.GetName(), false) {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), accessor.GetName(), message))
	}
	if errs = append(errs, to.version.Strategy.Validate(obj)...); len(errs) > 0 {
		undo()
		return outcome{errs: causesOf(apierrors.NewInvalid(schema.GroupKind{}, "", errs))}
	}
	var warnings []string
	for _, path := range unknown {
		warnings = append(warnings, `unknown field "`+path+`"`)
	}
	warnings = append(warnings, to.version.Strategy.WarningsOnCreate(obj)...)
	s.objects[to.key+accessor.GetName()] = store(to.version, obj)
	return outcome{obj: stored(to.version, store(to.version, obj)), warnings: warnings}
}

func (s *miniServer) update(to target, old, obj runtime.Object) outcome {
	_, err := to.version.Strategy.Decoded(obj)
	require.NoError(s.t, err)
	var strategy kinds.UpdateStrategy = to.version.Strategy
	undo := func() {}
	if to.status == "status" {
		strategy = to.version.Status
	} else if undo, err = allocate(to.version.Strategy, obj, old); err != nil {
		return outcome{errs: causesOf(err)}
	}
	strategy.PrepareForUpdate(obj, old)
	if errs := strategy.ValidateUpdate(obj, old); len(errs) > 0 {
		undo()
		return outcome{errs: causesOf(apierrors.NewInvalid(schema.GroupKind{}, "", errs))}
	}
	if a, ok := to.version.Strategy.(kinds.Allocator); ok {
		a.Committed(obj, old)
	}
	s.objects[to.key] = store(to.version, obj)
	return outcome{obj: obj, warnings: strategy.WarningsOnUpdate(obj, old)}
}

func (s *miniServer) patch(to target, contentType string, old runtime.Object, patch []byte) outcome {
	before, err := json.Marshal(old)
	require.NoError(s.t, err)
	var after []byte
	if contentType == "application/strategic-merge-patch+json" {
		after, err = strategicpatch.StrategicMergePatch(before, patch, to.version.New())
	} else {
		after, err = jsonMergePatch(before, patch)
	}
	require.NoError(s.t, err)
	return s.update(to, old, decode(s.t, to.version, after))
}

func jsonMergePatch(before, patch []byte) ([]byte, error) {
	var doc, change map[string]any
	if err := json.Unmarshal(before, &doc); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(patch, &change); err != nil {
		return nil, err
	}
	mergeInto(doc, change)
	return json.Marshal(doc)
}

// mergeInto is RFC 7396 for objects.
func mergeInto(doc, change map[string]any) {
	for key, value := range change {
		inner, isMap := value.(map[string]any)
		switch {
		case value == nil:
			delete(doc, key)
		case isMap:
			below, ok := doc[key].(map[string]any)
			if !ok {
				below = map[string]any{}
			}
			mergeInto(below, inner)
			doc[key] = below
		default:
			doc[key] = value
		}
	}
}

func (s *miniServer) delete(to target, old runtime.Object) {
	if a, ok := to.version.Strategy.(kinds.Allocator); ok {
		a.Committed(nil, old)
	}
	delete(s.objects, to.key)
}

func allocate(strategy kinds.Strategy, obj, old runtime.Object) (func(), error) {
	if a, ok := strategy.(kinds.Allocator); ok {
		return a.Allocate(obj, old)
	}
	return func() {}, nil
}

func store(version *kinds.Version, obj runtime.Object) runtime.Object {
	if version.ToStorage != nil {
		return version.ToStorage(obj)
	}
	return obj
}

func stored(version *kinds.Version, obj runtime.Object) runtime.Object {
	if version.FromStorage != nil {
		return version.FromStorage(obj)
	}
	return obj
}

func causesOf(err error) []metav1.StatusCause {
	return err.(apierrors.APIStatus).Status().Details.Causes
}

// run sends one step; ok is false for steps that are not writes, or that the
// write path would refuse before the kind is asked.
func (s *miniServer) run(step recordedStep) (outcome, bool) {
	to, found := s.target(step.Request.Path)
	refused := []int{http.StatusConflict, http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed}
	if !found || step.Op != "" || slices.Contains(refused, step.Expect.Status) || strings.Contains(step.Request.Path, "?") {
		return outcome{}, false
	}
	body := s.fill(step.Request.Body)
	if step.Request.Method == http.MethodPost && to.name == "" {
		return s.create(to, body), true
	}
	old := s.objects[to.key]
	if old == nil {
		return outcome{}, false
	}
	old = stored(to.version, old)
	switch step.Request.Method {
	case http.MethodPut:
		if !strings.Contains(string(body), "resourceVersion") {
			return outcome{}, false
		}
		return s.update(to, old, decode(s.t, to.version, body)), true
	case http.MethodPatch:
		return s.patch(to, step.Request.Headers["Content-Type"], old, body), true
	case http.MethodDelete:
		s.delete(to, old)
	}
	return outcome{}, false
}

var reference = regexp.MustCompile(`\$\{([\w-]+):([\w.]+)\}`)

// fill replaces the namespace and references to earlier answers, as
// ${auto:spec.clusterIP}.
func (s *miniServer) fill(body []byte) []byte {
	body = bytes.ReplaceAll(body, []byte("${ns}"), []byte(testNamespace))
	return reference.ReplaceAllFunc(body, func(ref []byte) []byte {
		parts := reference.FindSubmatch(ref)
		value, _, _ := unstructured.NestedString(s.answers[string(parts[1])], strings.Split(string(parts[2]), ".")...)
		return []byte(value)
	})
}

func asMap(t testing.TB, obj any) map[string]any {
	t.Helper()
	content, err := json.Marshal(obj)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, json.Unmarshal(content, &m))
	return m
}

var (
	address  = regexp.MustCompile(`10\.0\.0\.\d+`)
	timeText = regexp.MustCompile(`^\d{4}-\d\d-\d\dT[\d:.]+Z$`)
	token    = regexp.MustCompile(`<(?:ip|nodePort):\d+>`)
)

// normalise makes answers and expectations comparable: addresses, node ports
// and times become placeholders.
func normalise(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			out[key] = normalise(inner)
			if key == "nodePort" && inner != nil {
				out[key] = "<n>"
			}
		}
		return out
	case []any:
		var out []any
		for _, inner := range v {
			out = append(out, normalise(inner))
		}
		return out
	case string:
		if timeText.MatchString(v) {
			return "<time>"
		}
		v = strings.ReplaceAll(v, "<ns>", testNamespace)
		return token.ReplaceAllString(address.ReplaceAllString(v, "<n>"), "<n>")
	}
	return value
}

func causeKeys(causes []metav1.StatusCause) []string {
	var keys []string
	for _, c := range causes {
		keys = append(keys, normalise(c.Field+": "+c.Message+" ("+string(c.Type)+")").(string))
	}
	slices.Sort(keys)
	return keys
}

func wantedCauses(t testing.TB, body map[string]any) []string {
	t.Helper()
	var status metav1.Status
	content, err := json.Marshal(body)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &status))
	if status.Details == nil {
		return nil
	}
	return causeKeys(status.Details.Causes)
}

func TestRecordedCases(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "cases", "*.json"))
	require.NoError(t, err)
	checked := 0
	for _, file := range files {
		c := readCase(t, strings.TrimSuffix(filepath.Base(file), ".json"))
		if c.Name == "setup" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			server := newMiniServer(t)
			for _, step := range c.Steps {
				got, ok := server.run(step)
				if !ok {
					continue
				}
				checked++
				if got.obj == nil {
					assert.Equal(t, http.StatusUnprocessableEntity, step.Expect.Status, "%s: %v", step.ID, got.errs)
					assert.Equal(t, wantedCauses(t, step.Expect.Body), causeKeys(got.errs), step.ID)
					continue
				}
				server.answers[step.ID] = asMap(t, got.obj)
				if !assert.Less(t, step.Expect.Status, 300, "%s: accepted", step.ID) {
					continue
				}
				compareAnswer(t, step, asMap(t, got.obj))
				assert.Equal(t, wantedWarnings(step), got.warnings, "%s: warnings", step.ID)
			}
		})
	}
	assert.Greater(t, checked, 60, "the recorded steps were not recognised")
}

// compareAnswer compares everything but metadata, of which it looks at labels
// and generation.
func compareAnswer(t testing.TB, step recordedStep, got map[string]any) {
	t.Helper()
	if len(step.Only) > 0 {
		for _, path := range step.Only {
			value, _, _ := unstructured.NestedFieldNoCopy(got, strings.Split(path, ".")...)
			assert.Equal(t, normalise(step.Expect.Body[path]), normalise(value), "%s: %s", step.ID, path)
		}
		return
	}
	want := step.Expect.Body
	for _, key := range []string{"labels", "generation"} {
		wanted, _, _ := unstructured.NestedFieldNoCopy(want, "metadata", key)
		value, _, _ := unstructured.NestedFieldNoCopy(got, "metadata", key)
		assert.Equal(t, normalise(wanted), normalise(value), "%s: metadata.%s", step.ID, key)
	}
	delete(want, "metadata")
	delete(got, "metadata")
	if !reflect.DeepEqual(normalise(want), normalise(got)) {
		assert.Equal(t, normalise(want), normalise(got), step.ID)
	}
}

var warningText = regexp.MustCompile(`299 - "((?:[^"\\]|\\.)*)"`)

func wantedWarnings(step recordedStep) []string {
	var warnings []string
	for _, match := range warningText.FindAllStringSubmatch(step.Expect.Headers["Warning"], -1) {
		text := strings.ReplaceAll(match[1], `\"`, `"`)
		if !strings.Contains(text, "deprecated; use") {
			warnings = append(warnings, text)
		}
	}
	return warnings
}
