package apiserver_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/apiserver"
)

// TestManagedFieldsLazily: managedFields computed when the first apply asks
// for them must be those that a server had that kept them all along. The
// recorded cases judge the latter.
func TestManagedFieldsLazily(t *testing.T) {
	for name, c := range map[string]struct{ create, patch, status, apply string }{
		widgetsPath: {
			create: `{"apiVersion":"sim.example.com/v1","kind":"Widget","metadata":{"name":"x","labels":{"a":"1"}},"spec":{"size":1}}`,
			patch:  `{"spec":{"color":"red"},"metadata":{"annotations":{"b":"2"}}}`,
			status: `{"status":{"phase":"p"}}`,
			apply:  `{"apiVersion":"sim.example.com/v1","kind":"Widget","metadata":{"name":"x","labels":{"c":"3"}}}`,
		},
		"/api/v1/namespaces/default/services": {
			create: `{"metadata":{"name":"x"},"spec":{"type":"LoadBalancer","ports":[{"port":80}]}}`,
			patch:  `{"spec":{"sessionAffinity":"ClientIP"}}`,
			status: `{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}`,
			apply:  `{"apiVersion":"v1","kind":"Service","metadata":{"name":"x","labels":{"c":"3"}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(always bool) (before, after any) {
				w := newWorld(t, apiserver.Config{ManagedFields: always})
				fields := func(body []byte) any {
					var o struct{ Metadata struct{ ManagedFields any } }
					require.NoError(t, json.Unmarshal(body, &o))
					return o.Metadata.ManagedFields
				}
				patch := func(path, contentType, body string) []byte {
					w.clock.pass(time.Second)
					r := send(t, w.server, "PATCH", path, contentType, []byte(body))
					require.Equal(t, 200, r.code, "%s", r.body)
					return r.body
				}
				require.Equal(t, 201, w.do(0, "POST", name+"?fieldManager=creator", c.create).code)
				before = fields(patch(name+"/x?fieldManager=patcher", mergeType, c.patch))
				patch(name+"/x/status?fieldManager=status", mergeType, c.status)
				return before, fields(patch(name+"/x?fieldManager=applier", "application/apply-patch+yaml", c.apply))
			}
			shown, eager := run(true)
			hidden, lazy := run(false)
			assert.NotNil(t, shown)
			assert.Nil(t, hidden)
			assert.Len(t, eager, 4)
			assert.Equal(t, eager, lazy)
		})
	}
}
