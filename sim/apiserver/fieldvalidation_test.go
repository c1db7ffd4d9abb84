package apiserver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// Fields of built-in kinds are checked as kube-apiserver does: what it refuses is refused
// with its words, and what it takes is taken. The texts are those of Kubernetes 1.37.

const (
	cronJobs   = "/apis/batch/v1/namespaces/default/cronjobs"
	jobs       = "/apis/batch/v1/namespaces/default/jobs"
	scalers    = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
	ingresses  = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
	policies   = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
	classes    = "/apis/networking.k8s.io/v1/ingressclasses"
	definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

	jobTemplate = `"jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}`
	cronTail    = `,` + jobTemplate + `}}`
	target      = `"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"}`
	rule        = `{"metadata":{"name":"a"},"spec":{"rules":[{"host":"a.example.com","http":{"paths":[`
)

func TestFieldsOfBuiltInKinds(t *testing.T) {
	for _, c := range []struct {
		name, path, body string
		want             string // of the refusal; empty: 201
	}{
		{"a CronJob", cronJobs, `{"metadata":{"name":"a"},"spec":{"schedule":"*/5 * * * *","timeZone":"Etc/UTC"` + cronTail, ""},
		{"a macro", cronJobs, `{"metadata":{"name":"a"},"spec":{"schedule":"@hourly"` + cronTail, ""},
		{"no schedule", cronJobs, `{"metadata":{"name":"a"},"spec":{"schedule":"five o'clock"` + cronTail, `spec.schedule: Invalid value: \"five o'clock\": expected exactly 5 fields, found 2: [five o'clock]`},
		{"out of range", cronJobs, `{"metadata":{"name":"a"},"spec":{"schedule":"61 * * * *"` + cronTail, `end of range (61) above maximum (59): 61`},
		{"empty schedule", cronJobs, `{"metadata":{"name":"a"},"spec":{"schedule":""` + cronTail, `spec.schedule: Required value`},
		{"zone in the schedule", cronJobs, `{"metadata":{"name":"a"},"spec":{"schedule":"TZ=UTC 0 * * * *"` + cronTail, `cannot use TZ or CRON_TZ in schedule, use timeZone field instead`},
		{"zone alone", cronJobs, `{"metadata":{"name":"a"},"spec":{"schedule":"TZ=UTC"` + cronTail, `spec.schedule: Invalid value`},
		{"unknown zone", cronJobs, `{"metadata":{"name":"a"},"spec":{"schedule":"@daily","timeZone":"Mars/Base"` + cronTail, `spec.timeZone: Invalid value: \"Mars/Base\": unknown time zone Mars/Base`},
		{"name of 52", cronJobs, `{"metadata":{"name":"a234567890123456789012345678901234567890123456789012"},"spec":{"schedule":"@daily"` + cronTail, ""},
		{"name of 53", cronJobs, `{"metadata":{"name":"a2345678901234567890123456789012345678901234567890123"},"spec":{"schedule":"@daily"` + cronTail, `metadata.name: Invalid value: \"a2345678901234567890123456789012345678901234567890123\": must be no more than 52 characters`},
		{"policy", cronJobs, `{"metadata":{"name":"a"},"spec":{"schedule":"@daily","concurrencyPolicy":"Maybe"` + cronTail, `spec.concurrencyPolicy: Unsupported value: \"Maybe\": supported values: \"Allow\", \"Forbid\", \"Replace\"`},

		{"an autoscaler", scalers, `{"metadata":{"name":"a"},"spec":{` + target + `,"maxReplicas":3,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}]}}`, ""},
		{"no maximum", scalers, `{"metadata":{"name":"a"},"spec":{` + target + `}}`, `spec.maxReplicas: Required value`},
		{"minimum above", scalers, `{"metadata":{"name":"a"},"spec":{` + target + `,"minReplicas":4,"maxReplicas":3}}`, "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"},
		{"no target", scalers, `{"metadata":{"name":"a"},"spec":{"scaleTargetRef":{"kind":"","name":""},"maxReplicas":3}}`, `spec.scaleTargetRef.kind: Required value`},
		{"target without a group", scalers, `{"metadata":{"name":"a"},"spec":{"scaleTargetRef":{"apiVersion":"v1","kind":"Pod","name":"p"},"maxReplicas":3}}`, `spec.scaleTargetRef.apiVersion: Invalid value: \"v1\": apiVersion must specify API group`},
		{"replication controller", scalers, `{"metadata":{"name":"a"},"spec":{"scaleTargetRef":{"apiVersion":"v1","kind":"ReplicationController","name":"p"},"maxReplicas":3}}`, ""},
		{"metric without source", scalers, `{"metadata":{"name":"a"},"spec":{` + target + `,"maxReplicas":3,"metrics":[{"type":"Pods"}]}}`, `spec.metrics[0].pods: Required value: must populate information for the given metric source`},
		{"no policy", scalers, `{"metadata":{"name":"a"},"spec":{` + target + `,"maxReplicas":3,"behavior":{"scaleDown":{"policies":[{"type":"Pods","value":0,"periodSeconds":2000}]}}}}`, `spec.behavior.scaleDown.policies[0].value: Invalid value: 0: must be greater than zero`},

		{"an ingress", ingresses, rule + `{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}}`, ""},
		{"no path type", ingresses, rule + `{"path":"/","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}}`, `spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified`},
		{"relative path", ingresses, rule + `{"path":"a","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}}`, `spec.rules[0].http.paths[0].path: Invalid value: \"a\": must be an absolute path`},
		{"no port", ingresses, rule + `{"path":"/","pathType":"Exact","backend":{"service":{"name":"web"}}}]}}]}}`, `spec.rules[0].http.paths[0].backend: Required value: port name or number is required`},
		{"no backend", ingresses, rule + `{"path":"/","pathType":"Exact","backend":{}}]}}]}}`, `resource or service backend is required`},
		{"address as host", ingresses, `{"metadata":{"name":"a"},"spec":{"rules":[{"host":"10.0.0.1"}]}}`, `spec.rules[0].host: Invalid value: \"10.0.0.1\": must be a DNS name, not an IP address`},
		{"wildcard", ingresses, `{"metadata":{"name":"a"},"spec":{"rules":[{"host":"*.example.com"}]}}`, ""},
		{"wildcard within", ingresses, `{"metadata":{"name":"a"},"spec":{"rules":[{"host":"a.*.com"}]}}`, `spec.rules[0].host: Invalid value: \"a.*.com\"`},
		{"two classes", ingresses, `{"metadata":{"name":"a","annotations":{"kubernetes.io/ingress.class":"b"}},"spec":{"ingressClassName":"c","rules":[{"host":"a.com"}]}}`, "must match `ingressClassName` when both are specified"},
		{"a class", classes, `{"metadata":{"name":"a"},"spec":{"controller":"example.com/c"}}`, ""},
		{"no controller", classes, `{"metadata":{"name":"a"},"spec":{}}`, `spec.controller: Required value`},

		{"a policy", policies, `{"metadata":{"name":"a"},"spec":{"podSelector":{},"ingress":[{"from":[{"ipBlock":{"cidr":"10.0.0.0/8","except":["10.1.0.0/16"]}}],"ports":[{"port":80,"endPort":90}]}]}}`, ""},
		{"no peer", policies, `{"metadata":{"name":"a"},"spec":{"podSelector":{},"ingress":[{"from":[{}]}]}}`, `spec.ingress[0].from[0]: Required value: must specify a peer`},
		{"two peers", policies, `{"metadata":{"name":"a"},"spec":{"podSelector":{},"egress":[{"to":[{"podSelector":{},"ipBlock":{"cidr":"10.0.0.0/8"}}]}]}}`, `spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer`},
		{"no network", policies, `{"metadata":{"name":"a"},"spec":{"podSelector":{},"egress":[{"to":[{"ipBlock":{"cidr":"10.0.0.0"}}]}]}}`, `spec.egress[0].to[0].ipBlock.cidr: Invalid value: \"10.0.0.0\"`},
		{"not within", policies, `{"metadata":{"name":"a"},"spec":{"podSelector":{},"egress":[{"to":[{"ipBlock":{"cidr":"10.0.0.0/8","except":["11.0.0.0/16"]}}]}]}}`, "must be a strict subset of `cidr`"},
		{"port", policies, `{"metadata":{"name":"a"},"spec":{"podSelector":{},"ingress":[{"ports":[{"port":80,"endPort":70}]}]}}`, "spec.ingress[0].ports[0].endPort: Invalid value: 70: must be greater than or equal to `port`"},
		{"direction", policies, `{"metadata":{"name":"a"},"spec":{"podSelector":{},"policyTypes":["Upwards"]}}`, `spec.policyTypes[0]: Unsupported value: \"Upwards\": supported values: \"Ingress\", \"Egress\"`},

		{"unapproved", definition, `{"metadata":{"name":"as.b.k8s.io"},"spec":{"group":"b.k8s.io","scope":"Namespaced","names":{"plural":"as","singular":"a","kind":"A","listKind":"AList"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}`, `metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation`},
		{"approved", definition, `{"metadata":{"name":"as.b.k8s.io","annotations":{"api-approved.kubernetes.io":"unapproved, experimental"}},"spec":{"group":"b.k8s.io","scope":"Namespaced","names":{"plural":"as","singular":"a","kind":"A","listKind":"AList"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, apiserver.Config{})
			r := w.do(0, "POST", c.path, c.body)
			if c.want == "" {
				assert.Equal(t, 201, r.code, "%s", r.body)
				return
			}
			assert.Equal(t, 422, r.code, "%s", r.body)
			assert.Contains(t, string(r.body), c.want)
		})
	}
}

// The status of a Job goes one way.
func TestStatusOfAJob(t *testing.T) {
	const (
		started = `"startTime":"2000-01-01T00:00:00Z"`
		target  = `{"type":"FailureTarget","status":"True"}`
		failed  = `{"type":"Failed","status":"True"}`
		met     = `{"type":"SuccessCriteriaMet","status":"True"}`
		done    = `{"type":"Complete","status":"True"}`
	)
	for _, c := range []struct {
		name   string
		before string // a status that is taken
		status string
		want   string // of the refusal; empty: it is taken
	}{
		{"running", "", started + `,"active":1,"ready":1`, ""},
		{"more ready than active", "", started + `,"active":1,"ready":2`, `status.ready: Invalid value: 2: cannot set more ready pods than active`},
		{"failed out of nothing", "", started + `,"conditions":[` + failed + `]`, `status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition`},
		{"failed in order", "", started + `,"failed":1,"conditions":[` + target + `,` + failed + `]`, ""},
		{"failed with pods", "", started + `,"active":1,"conditions":[` + target + `,` + failed + `]`, `status.active: Invalid value: 1: active\u003e0 is invalid for finished job`},
		{"complete without criteria", "", started + `,"completionTime":"2000-01-01T00:01:00Z","conditions":[` + done + `]`, `cannot set Complete=True condition without the SuccessCriteriaMet=true condition`},
		{"complete without a time", "", started + `,"conditions":[` + met + `,` + done + `]`, `status.completionTime: Required value: completionTime is required for Complete jobs`},
		{"complete", "", started + `,"completionTime":"2000-01-01T00:01:00Z","succeeded":1,"conditions":[` + met + `,` + done + `]`, ""},
		{"complete before it began", "", `"startTime":"2000-01-01T00:02:00Z","completionTime":"2000-01-01T00:01:00Z","conditions":[` + met + `,` + done + `]`, "must be equal to or after `startTime`"},
		{"both", "", started + `,"completionTime":"2000-01-01T00:01:00Z","conditions":[` + met + `,` + done + `,` + target + `,` + failed + `]`, `cannot set Complete=True and Failed=true conditions`},
		{"fewer failures", started + `,"failed":2`, started + `,"failed":1`, `status.failed: Invalid value: 1: cannot decrease the failed counter`},
		{"another start", started, `"startTime":"2000-01-01T00:03:00Z"`, `status.startTime: Invalid value: \"2000-01-01T00:03:00Z\": field is immutable for unsuspended job once set`},
		{"back from the end", started + `,"failed":1,"conditions":[` + target + `,` + failed + `]`, started + `,"failed":1,"conditions":[` + target + `]`, `cannot disable the terminal Failed=True condition`},
		{"indexes", "", started + `,"completedIndexes":"0"`, `cannot set non-empty completedIndexes when non-indexed completion mode`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, apiserver.Config{})
			require.Equal(t, 201, w.do(0, "POST", jobs, `{"metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}`).code)
			write := func(status string) *recorder {
				return w.patch(jobs+"/j/status", mergeType, `{"status":{`+status+`}}`)
			}
			if c.before != "" {
				r := write(c.before)
				require.Equal(t, 200, r.code, "%s", r.body)
			}
			r := write(c.status)
			if c.want == "" {
				assert.Equal(t, 200, r.code, "%s", r.body)
				return
			}
			assert.Equal(t, 422, r.code, "%s", r.body)
			assert.Contains(t, string(r.body), c.want)
		})
	}
}

// A Job that waits may be told where to run and with what, and nothing else.
func TestJobThatWaits(t *testing.T) {
	w := newWorld(t, apiserver.Config{})
	const strategic = "application/strategic-merge-patch+json"
	for _, name := range []string{"waits", "runs"} {
		suspend := `,"suspend":true`
		if name == "runs" {
			suspend = ""
		}
		require.Equal(t, 201, w.do(0, "POST", jobs, `{"metadata":{"name":"`+name+`"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}`+suspend+`}}`).code)
	}
	for _, c := range []struct {
		change string
		code   int // of the one that waits; the other may change nothing
	}{
		{`{"spec":{"template":{"spec":{"nodeSelector":{"disk":"ssd"}}}}}`, 200},
		{`{"spec":{"template":{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"1"}}}]}}}}`, 200},
		{`{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"j"}]}}}}`, 422},
	} {
		r := w.patch(jobs+"/waits", strategic, c.change)
		assert.Equal(t, c.code, r.code, "%s: %s", c.change, r.body)
		assert.Equal(t, 422, w.patch(jobs+"/runs", strategic, c.change).code, c.change)
	}
	assert.Equal(t, 404, w.do(0, "PUT", cronJobs+"/none", `{"metadata":{"name":"none"},"spec":{"schedule":"@daily"`+cronTail).code, "a PUT makes no CronJob")
}
