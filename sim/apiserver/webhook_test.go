package apiserver_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// Webhooks are played by functions of the test, which answer when the test's
// clock says so: what they are asked, in what order, and what becomes of the
// request is compared with the rules of kube-apiserver.

// hooks answers the server's calls after a delay, by the path of the URL.
type hooks struct {
	clock *fuzzClock
	delay time.Duration
	serve map[string]func(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse
	asked []string
	gone  int
}

func (h *hooks) call(c apiserver.WebhookCall, answered func(apiserver.WebhookAnswer)) func() {
	h.asked = append(h.asked, c.Identity)
	cancel := h.clock.AfterFunc(h.delay, func() {
		serve := h.serve[c.URL.Path]
		if serve == nil {
			answered(apiserver.WebhookAnswer{Err: errors.New("connect: connection refused")})
			return
		}
		var review admissionv1.AdmissionReview
		if err := json.Unmarshal(c.Body, &review); err != nil {
			answered(apiserver.WebhookAnswer{Err: err})
			return
		}
		review.Response = serve(review.Request)
		if review.Response != nil {
			review.Response.UID = review.Request.UID
		}
		review.Request = nil
		body, err := json.Marshal(review)
		answered(apiserver.WebhookAnswer{Code: 200, Body: body, Err: err})
	})
	return func() {
		h.gone++
		cancel()
	}
}

func allow(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	return &admissionv1.AdmissionResponse{Allowed: true}
}

func patchWith(ops string) func(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	return func(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
		return &admissionv1.AdmissionResponse{Allowed: true, Patch: []byte(ops), PatchType: ptr.To(admissionv1.PatchTypeJSONPatch)}
	}
}

type hookedWorld struct {
	*world
	hooks *hooks
}

func newHookedWorld(t *testing.T) *hookedWorld {
	h := &hooks{delay: 10 * time.Millisecond, serve: map[string]func(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse{}}
	w := newWorld(t, apiserver.Config{CallWebhook: h.call, GarbageCollector: true})
	h.clock = w.clock
	return &hookedWorld{world: w, hooks: h}
}

// configure installs one webhook at https://hooks.example.com/NAME.
func (w *hookedWorld) configure(kind, name, more string) {
	w.t.Helper()
	body := fmt.Sprintf(`{"metadata":{"name":%q},"webhooks":[{"name":"%s.example.com","admissionReviewVersions":["v1"],"sideEffects":"None",
		"clientConfig":{"url":"https://hooks.example.com/%s"},
		"rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["*"],"resources":["configmaps"]}]%s}]}`, name, name, name, more)
	r := w.do(0, "POST", "/apis/admissionregistration.k8s.io/v1/"+kind, body)
	require.Equal(w.t, 201, r.code, "%s", r.body)
}

const (
	validating = "validatingwebhookconfigurations"
	mutating   = "mutatingwebhookconfigurations"
)

func TestWebhooksInOrder(t *testing.T) {
	w := newHookedWorld(t)
	w.configure(mutating, "b", "")
	w.configure(mutating, "a", "")
	w.configure(validating, "check", "")
	w.hooks.serve["/a"] = patchWith(`[{"op":"add","path":"/data","value":{"a":"1"}}]`)
	w.hooks.serve["/b"] = patchWith(`[{"op":"add","path":"/data/b","value":"2"}]`)
	var seen string
	w.hooks.serve["/check"] = func(r *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
		seen = string(r.Object.Raw)
		return &admissionv1.AdmissionResponse{Allowed: true, Warnings: []string{"mind the gap"}}
	}
	r := w.do(0, "POST", configMaps, `{"metadata":{"name":"x"}}`)
	assert.Zero(t, r.code, "the request waits")
	w.clock.pass(time.Second)
	require.Equal(t, 201, r.code, "%s", r.body)
	assert.Contains(t, string(r.body), `"data":{"a":"1","b":"2"}`)
	assert.Contains(t, r.header.Get("Warning"), "mind the gap")
	assert.Contains(t, seen, `"uid"`, "what is validated is what will be stored")
	assert.Equal(t, []string{"a/a.example.com CREATE configmaps default/x", "b/b.example.com CREATE configmaps default/x", "check/check.example.com CREATE configmaps default/x"}, w.hooks.asked)
}

func TestWebhookRefuses(t *testing.T) {
	w := newHookedWorld(t)
	w.configure(validating, "check", "")
	w.hooks.serve["/check"] = func(r *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
		return &admissionv1.AdmissionResponse{Allowed: r.Operation != admissionv1.Delete}
	}
	created := w.do(0, "POST", configMaps, `{"metadata":{"name":"x"}}`)
	w.clock.pass(time.Second)
	require.Equal(t, 201, created.code)
	for _, path := range []string{configMaps + "/x", configMaps} { // alone, and with the collection
		r := w.do(0, "DELETE", path, "")
		w.clock.pass(time.Second)
		assert.Equal(t, 400, r.code)
		assert.Contains(t, string(r.body), `admission webhook \"check.example.com\" denied the request without explanation`)
	}
	assert.Equal(t, 200, w.do(0, "GET", configMaps+"/x", "").code)
	removed := w.do(0, "DELETE", "/apis/admissionregistration.k8s.io/v1/"+validating+"/check", "")
	assert.Equal(t, 200, removed.code, "configurations ask nobody")
	assert.Equal(t, 200, w.do(0, "DELETE", configMaps+"/x", "").code)
}

func TestWebhookFails(t *testing.T) {
	nonsense := func(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse { return nil }
	for _, test := range []struct {
		name, policy string
		serve        func(*admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse
		delay        time.Duration
		code         int
		text         string
	}{
		{"nobody listens, it must not", "Fail", nil, 0, 500, `failed calling webhook \"h.example.com\": failed to call webhook: Post \"https://hooks.example.com/h?timeout=3s\": connect: connection refused`},
		{"nobody listens, it may", "Ignore", nil, 0, 201, ""},
		{"too late, it must not", "Fail", allow, 5 * time.Second, 500, "context deadline exceeded"},
		{"too late, it may", "Ignore", allow, 5 * time.Second, 201, ""},
		{"nonsense", "Fail", nonsense, 0, 500, "received invalid webhook response: webhook response was absent"},
		{"a patch from one that only validates", "Fail", patchWith(`[]`), 0, 500, "validating webhook may not return response.patch"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newHookedWorld(t)
			w.configure(validating, "h", `,"timeoutSeconds":3,"failurePolicy":"`+test.policy+`"`)
			w.hooks.serve["/h"], w.hooks.delay = test.serve, test.delay
			r := w.do(0, "POST", configMaps, `{"metadata":{"name":"x"}}`)
			w.clock.pass(2900 * time.Millisecond)
			if test.delay > 0 {
				assert.Zero(t, r.code)
			}
			w.clock.pass(time.Second)
			assert.Equal(t, test.code, r.code)
			assert.Contains(t, string(r.body), test.text)
			if test.delay > 0 {
				assert.Equal(t, 1, w.hooks.gone, "the server hangs up")
			}
		})
	}
}

// What others change while a webhook is asked is not lost: a patch is made
// again on the new state, and the webhook asked about that; a PUT conflicts.
func TestObjectChangesMeanwhile(t *testing.T) {
	w := newHookedWorld(t)
	require.Equal(t, 201, w.do(0, "POST", configMaps, `{"metadata":{"name":"x"},"data":{"a":"0"}}`).code)
	w.configure(validating, "slow", `,"objectSelector":{"matchLabels":{"slow":"yes"}}`)
	w.hooks.serve["/slow"] = allow
	var o struct {
		Metadata struct{ ResourceVersion string }
	}
	require.NoError(t, json.Unmarshal(w.do(0, "GET", configMaps+"/x", "").body, &o))

	patched := w.patch(configMaps+"/x", mergeType, `{"metadata":{"labels":{"slow":"yes"}},"data":{"b":"1"}}`)
	put := w.do(0, "PUT", configMaps+"/x", `{"metadata":{"name":"x","labels":{"slow":"yes"},"resourceVersion":"`+o.Metadata.ResourceVersion+`"}}`)
	require.Equal(t, 200, w.patch(configMaps+"/x", mergeType, `{"data":{"a":"2"}}`).code)
	w.clock.pass(time.Second)
	require.Equal(t, 200, patched.code, "%s", patched.body)
	assert.Contains(t, string(patched.body), `"data":{"a":"2","b":"1"}`)
	assert.Equal(t, 409, put.code)
	assert.Len(t, w.hooks.asked, 3, "patch, PUT, and the patch on the new state")
}

func TestReinvocation(t *testing.T) {
	w := newHookedWorld(t)
	w.configure(mutating, "a", `,"reinvocationPolicy":"IfNeeded"`)
	w.configure(mutating, "b", "")
	w.hooks.serve["/a"] = func(r *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
		if strings.Contains(string(r.Object.Raw), `"b":"1"`) {
			return patchWith(`[{"op":"add","path":"/data/seen","value":"b"}]`)(r)
		}
		return allow(r)
	}
	w.hooks.serve["/b"] = patchWith(`[{"op":"add","path":"/data","value":{"b":"1"}}]`)
	r := w.do(0, "POST", configMaps, `{"metadata":{"generateName":"x-"}}`)
	w.clock.pass(time.Second)
	require.Equal(t, 201, r.code, "%s", r.body)
	assert.Contains(t, string(r.body), `"data":{"b":"1","seen":"b"}`)
	assert.Len(t, w.hooks.asked, 3, "a, b, and a once more")
}

func TestWhatWebhooksAreAbout(t *testing.T) {
	for _, test := range []struct {
		name, more, path, body string
		asked                  bool
		explanation            string
	}{
		{"condition that holds", `,"matchConditions":[{"name":"c","expression":"object.metadata.name == 'x'"}]`, configMaps, `{"metadata":{"name":"x"}}`, true, ""},
		{"condition that does not", `,"matchConditions":[{"name":"c","expression":"request.userInfo.username == 'someone'"}]`, configMaps, `{"metadata":{"name":"x"}}`, false, ""},
		{"namespace selector", `,"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"kube-system"}}`, configMaps, `{"metadata":{"name":"x"}}`, false, "the object is in default"},
		{"object selector", `,"objectSelector":{"matchLabels":{"a":"b"}}`, configMaps, `{"metadata":{"name":"x","labels":{"a":"b"}}}`, true, ""},
		{"another resource", "", "/api/v1/namespaces/default/secrets", `{"metadata":{"name":"x"}}`, false, ""},
		{"dry run without side effects", "", configMaps + "?dryRun=All", `{"metadata":{"name":"x"}}`, true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newHookedWorld(t)
			w.configure(validating, "h", test.more)
			w.hooks.serve["/h"] = allow
			r := w.do(0, "POST", test.path, test.body)
			w.clock.pass(time.Second)
			assert.Equal(t, 201, r.code, "%s", r.body)
			assert.Equal(t, test.asked, len(w.hooks.asked) == 1, test.explanation)
		})
	}
}

func TestServiceOfAWebhook(t *testing.T) {
	w := newHookedWorld(t)
	body := `{"metadata":{"name":"h"},"webhooks":[{"name":"h.example.com","admissionReviewVersions":["v1"],"sideEffects":"None",
		"clientConfig":{"service":{"namespace":"default","name":"hook","path":"/h"}},
		"rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["configmaps"]}]}]}`
	require.Equal(t, 201, w.do(0, "POST", "/apis/admissionregistration.k8s.io/v1/"+validating, body).code)
	w.hooks.serve["/h"] = allow
	r := w.do(0, "POST", configMaps, `{"metadata":{"name":"x"}}`)
	assert.Equal(t, 500, r.code)
	assert.Contains(t, string(r.body), `Post \"https://hook.default.svc:443/h?timeout=10s\": service \"hook\" not found`)
	require.Equal(t, 201, w.do(0, "POST", "/api/v1/namespaces/default/services", `{"metadata":{"name":"hook"},"spec":{"ports":[{"port":443}]}}`).code)
	r = w.do(0, "POST", configMaps, `{"metadata":{"name":"x"}}`)
	w.clock.pass(time.Second)
	assert.Equal(t, 201, r.code, "%s", r.body)
}

// The collector is a client like others: a webhook may hold up its deletions.
func TestCollectorAsksWebhooks(t *testing.T) {
	w := newHookedWorld(t)
	uid := uidOf(t, w.do(0, "POST", configMaps, `{"metadata":{"name":"owner"}}`))
	require.Equal(t, 201, w.do(0, "POST", configMaps, dependent("child", "owner", uid)).code)
	require.Equal(t, 200, w.do(0, "DELETE", configMaps+"/owner", "").code)
	w.configure(validating, "h", "")
	w.clock.pass(3 * time.Second)
	assert.Equal(t, 200, w.do(0, "GET", configMaps+"/child", "").code, "nobody answers, so it stays")
	w.hooks.serve["/h"] = allow
	w.clock.pass(10 * time.Second)
	assert.Equal(t, 404, w.do(0, "GET", configMaps+"/child", "").code, "the collector tries again")
}

func TestAdmissionPolicy(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	post := func(resource, body string) *recorder {
		return w.do(0, "POST", "/apis/admissionregistration.k8s.io/v1/"+resource, body)
	}
	policy := post("validatingadmissionpolicies", `{"metadata":{"name":"few"},"spec":{
		"paramKind":{"apiVersion":"v1","kind":"ConfigMap"},
		"matchConstraints":{"resourceRules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["secrets"]}]},
		"variables":[{"name":"limit","expression":"int(params.data.limit)"}],
		"validations":[{"expression":"!has(object.data) || object.data.size() <= variables.limit","messageExpression":"'at most ' + string(variables.limit)","reason":"Forbidden"}]}}`)
	require.Equal(t, 201, policy.code, "%s", policy.body)
	bound := post("validatingadmissionpolicybindings", `{"metadata":{"name":"here"},"spec":{"policyName":"few","validationActions":["Deny"],
		"paramRef":{"name":"limits","namespace":"default","parameterNotFoundAction":"Deny"}}}`)
	require.Equal(t, 201, bound.code, "%s", bound.body)
	secret := func(name string) *recorder {
		return w.do(0, "POST", "/api/v1/namespaces/default/secrets", `{"metadata":{"name":"`+name+`"},"data":{"a":"","b":""}}`)
	}
	r := secret("x")
	assert.Equal(t, 422, r.code)
	assert.Contains(t, string(r.body), "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction")
	require.Equal(t, 201, w.do(0, "POST", configMaps, `{"metadata":{"name":"limits"},"data":{"limit":"1"}}`).code)
	r = secret("x")
	assert.Equal(t, 403, r.code)
	assert.Contains(t, string(r.body), `secrets \"x\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'here' denied request: at most 1`)
	require.Equal(t, 200, w.patch(configMaps+"/limits", mergeType, `{"data":{"limit":"2"}}`).code)
	assert.Equal(t, 201, secret("x").code)
}

func TestMutatingPolicy(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	for resource, body := range map[string]string{
		"mutatingadmissionpolicies": `{"metadata":{"name":"label"},"spec":{"reinvocationPolicy":"Never",
			"matchConstraints":{"resourceRules":[{"apiGroups":["","sim.example.com"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["configmaps","widgets"]}]},
			"mutations":[{"patchType":"ApplyConfiguration","applyConfiguration":{"expression":"Object{metadata: Object.metadata{labels: {'who': request.userInfo.username}}}"}},
				{"patchType":"JSONPatch","jsonPatch":{"expression":"[JSONPatch{op: 'add', path: '/metadata/annotations', value: {'n': object.metadata.name}}]"}}]}}`,
		"mutatingadmissionpolicybindings": `{"metadata":{"name":"all"},"spec":{"policyName":"label"}}`,
	} {
		r := w.do(0, "POST", "/apis/admissionregistration.k8s.io/v1/"+resource, body)
		require.Equal(t, 201, r.code, "%s", r.body)
	}
	for path, body := range map[string]string{
		configMaps:  `{"metadata":{"name":"x"}}`,
		widgetsPath: `{"apiVersion":"sim.example.com/v1","kind":"Widget","metadata":{"name":"x"},"spec":{"size":1}}`,
	} {
		r := w.send("POST", path, jsonType, body)
		require.Equal(t, 201, r.code, "%s", r.body)
		assert.Contains(t, string(r.body), `"labels":{"who":"tester"}`)
		assert.Contains(t, string(r.body), `"annotations":{"n":"x"}`)
	}
}

func TestRoles(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	as := func(who user.Info, method, path, body string) *recorder {
		r := &recorder{}
		w.server.Handle(0, requestAs(t, who, method, path, body), r)
		return r
	}
	who := apiserver.ServiceAccount("default", "controller")
	r := as(who, "GET", configMaps, "")
	assert.Equal(t, 403, r.code)
	assert.Contains(t, string(r.body), `configmaps is forbidden: User \"system:serviceaccount:default:controller\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\"`)
	assert.Equal(t, 200, as(who, "GET", "/api/v1", "").code, "discovery is everybody's")
	rbac := "/apis/rbac.authorization.k8s.io/v1/"
	require.Equal(t, 201, w.do(0, "POST", rbac+"namespaces/default/rolebindings", `{"metadata":{"name":"b"},"roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"ServiceAccount","name":"controller","namespace":"default"}]}`).code)
	assert.Contains(t, string(as(who, "GET", configMaps, "").body), `RBAC: role.rbac.authorization.k8s.io \"r\" not found`)
	require.Equal(t, 201, w.do(0, "POST", rbac+"namespaces/default/roles", `{"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["list","create"]},{"apiGroups":[""],"resources":["configmaps"],"resourceNames":["mine"],"verbs":["*"]}]}`).code)
	assert.Equal(t, 200, as(who, "GET", configMaps, "").code)
	assert.Equal(t, 403, as(who, "GET", "/api/v1/configmaps", "").code, "the role is of one namespace")
	assert.Equal(t, 201, as(who, "POST", configMaps, `{"metadata":{"name":"mine"}}`).code)
	assert.Equal(t, 201, as(who, "POST", configMaps, `{"metadata":{"name":"yours"}}`).code)
	assert.Equal(t, 200, as(who, "DELETE", configMaps+"/mine", "").code)
	assert.Equal(t, 403, as(who, "DELETE", configMaps+"/yours", "").code)
	assert.Equal(t, 403, as(who, "GET", configMaps+"?watch=1", "").code, "watch is a verb of its own")
}

// An apply of what is not there takes the right to create, beside that to patch.
func TestWhoMayPatchMayNotCreateByIt(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/"
	require.Equal(t, 201, w.do(0, "POST", rbac+"rolebindings", `{"metadata":{"name":"b"},"roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"ServiceAccount","name":"controller","namespace":"default"}]}`).code)
	require.Equal(t, 201, w.do(0, "POST", rbac+"roles", `{"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["patch"]}]}`).code)
	require.Equal(t, 201, w.do(0, "POST", configMaps, `{"metadata":{"name":"there"}}`).code)
	apply := func(name string) *recorder {
		request := requestAs(t, apiserver.ServiceAccount("default", "controller"), "PATCH", configMaps+"/"+name+"?fieldManager=m",
			`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"`+name+`"},"data":{"a":"b"}}`)
		request.Header.Set("Content-Type", "application/apply-patch+yaml")
		r := &recorder{}
		w.server.Handle(0, request, r)
		return r
	}
	assert.Equal(t, 200, apply("there").code)
	r := apply("missing")
	assert.Equal(t, 403, r.code)
	assert.Contains(t, string(r.body), `cannot create resource \"configmaps\" in API group \"\" in the namespace \"default\"`)
	require.Equal(t, 200, w.do(0, "PUT", rbac+"roles/r", `{"metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["patch","create"]}]}`).code)
	assert.Equal(t, 201, apply("missing").code)
}

func TestQuota(t *testing.T) {
	w := newWorld(t, apiserver.Config{QuotaController: true})
	create := func(name string) *recorder {
		return w.do(0, "POST", configMaps, `{"metadata":{"name":"`+name+`"}}`)
	}
	require.Equal(t, 201, w.do(0, "POST", "/api/v1/namespaces/default/resourcequotas", `{"metadata":{"name":"q"},"spec":{"hard":{"count/configmaps":"1","secrets":"0"}}}`).code)
	r := create("early")
	assert.Equal(t, 403, r.code)
	assert.Contains(t, string(r.body), "status unknown for quota: q, resources: count/configmaps")
	w.clock.pass(time.Second)
	assert.Equal(t, 201, create("a").code)
	r = create("b")
	assert.Equal(t, 403, r.code)
	assert.Contains(t, string(r.body), `configmaps \"b\" is forbidden: exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1`)
	require.Equal(t, 200, w.do(0, "DELETE", configMaps+"/a", "").code)
	assert.Equal(t, 403, create("b").code, "nobody has counted yet")
	w.clock.pass(time.Second)
	assert.Equal(t, 201, create("b").code)
	assert.Equal(t, 201, w.do(0, "POST", "/api/v1/namespaces/kube-system/configmaps", `{"metadata":{"name":"elsewhere"}}`).code)
}

// A quota below what is there is taken, as in a real cluster: nothing is removed, nothing
// is added, and what is there can be changed and deleted.
func TestQuotaBelowWhatExists(t *testing.T) {
	w := newWorld(t, apiserver.Config{QuotaController: true})
	for _, name := range []string{"a", "b"} {
		require.Equal(t, 201, w.do(0, "POST", configMaps, `{"metadata":{"name":"`+name+`"}}`).code)
	}
	require.Equal(t, 201, w.do(0, "POST", "/api/v1/namespaces/default/resourcequotas", `{"metadata":{"name":"q"},"spec":{"hard":{"count/configmaps":"1"}}}`).code)
	w.clock.pass(time.Second)
	assert.Contains(t, string(w.do(0, "GET", "/api/v1/namespaces/default/resourcequotas/q", "").body), `"used":{"count/configmaps":"2"}`)
	r := w.do(0, "POST", configMaps, `{"metadata":{"name":"c"}}`)
	assert.Equal(t, 403, r.code)
	assert.Contains(t, string(r.body), `used: count/configmaps=2, limited: count/configmaps=1`)
	assert.Equal(t, 200, w.patch(configMaps+"/a", mergeType, `{"data":{"k":"v"}}`).code)
	assert.Equal(t, 200, w.do(0, "DELETE", configMaps+"/a", "").code)
	w.clock.pass(time.Second)
	assert.Equal(t, 403, w.do(0, "POST", configMaps, `{"metadata":{"name":"c"}}`).code, "one is left, and is as many as there may be")
}

func TestLimitsAndPriorities(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	require.Equal(t, 201, w.do(0, "POST", "/api/v1/namespaces/default/limitranges", `{"metadata":{"name":"l"},"spec":{"limits":[{"type":"Container","max":{"cpu":"1"},"default":{"cpu":"500m"},"defaultRequest":{"cpu":"100m"}}]}}`).code)
	require.Equal(t, 201, w.do(0, "POST", "/apis/scheduling.k8s.io/v1/priorityclasses", `{"metadata":{"name":"high"},"value":1000}`).code)
	pod := func(name, more, container string) *recorder {
		return w.do(0, "POST", "/api/v1/namespaces/default/pods", fmt.Sprintf(`{"metadata":{"name":%q},"spec":{%s"containers":[{"name":"c","image":"i"%s}]}}`, name, more, container))
	}
	r := pod("a", `"priorityClassName":"high",`, "")
	require.Equal(t, 201, r.code, "%s", r.body)
	assert.Contains(t, string(r.body), `"resources":{"limits":{"cpu":"500m"},"requests":{"cpu":"100m"}}`)
	assert.Contains(t, string(r.body), `"kubernetes.io/limit-ranger":"LimitRanger plugin set: cpu request for container c; cpu limit for container c"`)
	assert.Contains(t, string(r.body), `"priority":1000`)
	r = pod("b", "", `,"resources":{"limits":{"cpu":"2"}}`)
	assert.Equal(t, 403, r.code)
	assert.Contains(t, string(r.body), "maximum cpu usage per Container is 1, but limit is 2")
	r = pod("c", `"priorityClassName":"absent",`, "")
	assert.Equal(t, 403, r.code)
	assert.Contains(t, string(r.body), "no PriorityClass with name absent was found")
	assert.Contains(t, string(pod("d", `"priorityClassName":"system-node-critical",`, "").body), `"priority":2000001000`)
}
