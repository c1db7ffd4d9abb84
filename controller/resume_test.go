// Every call of a whole life — allocate, change, release, allocate to another —
// is made to fail in turn, before it takes effect or after, every other time with
// a crash at that point. Whatever the call, the law holds after
// every single write, and the end is the same as on a calm day.
package controller

import (
	"flag"
	"fmt"
	"net/netip"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

var everyEffect = flag.Bool("every-effect", false, "let each call fail both before and after it takes effect, not by turns")

// checkLaw compares what is claimed, carried and published right now. exported
// names the Services that must keep their address, with the address they had.
func checkLaw(w *world, kept map[string]string) {
	w.Helper()

	var (
		services corev1.ServiceList
		gips     v1.GlobalIngressIPList
	)

	require.NoError(w, w.Client.List(w.ctx, &services, client.HasLabels{v1.InternalServiceLabel}))
	require.NoError(w, w.Client.List(w.ctx, &gips))

	owners := w.claimed()
	users := map[string]string{}

	use := func(ip, user, how string) {
		if other, taken := users[ip]; taken && other != user {
			require.Fail(w, "two owners", "%s and %s both use %s", other, user, ip)
		}

		users[ip] = user
		require.Equal(w, user, owners[ip], "%s is %s without a claim", ip, how)
	}

	for _, s := range services.Items {
		for _, ip := range s.Spec.ExternalIPs {
			use(ip, s.Labels[v1.InternalServiceLabel], "carried")
		}
	}

	for _, g := range gips.Items {
		if g.Status.AllocatedIP != "" {
			use(g.Status.AllocatedIP, g.Name, "published")
			require.Equal(w, string(g.UID), w.claim(g.Status.AllocatedIP).Annotations[v1.OwnerUIDAnnotation])
		}
	}

	for name, ip := range kept {
		require.Equal(w, name, owners[ip], "%s lost %s while exported", name, ip)
		require.Equal(w, ip, w.gip(name).Status.AllocatedIP, "%s is exported", name)
	}
}

// life takes two Services through everything, and lets drive bring the world
// to rest after each step.
func life(w *world, drive func()) {
	kept := map[string]string{}
	w.written = func() { checkLaw(w, kept) }
	step := func(change func()) {
		change()
		drive()
		checkLaw(w, kept)
	}

	step(func() { w.export("a") })
	kept["a"] = "242.0.0.2"

	step(func() { w.export("b") })
	kept["b"] = "242.0.0.1"

	step(func() {
		service := newService("a")
		require.NoError(w, w.Client.Get(w.ctx, client.ObjectKeyFromObject(service), service))
		service.Spec.Ports[0].Port = 81
		require.NoError(w, w.Client.Update(w.ctx, service))
	})
	step(func() { w.remove(w.internal("b")) })
	step(func() {
		require.NoError(w, w.Client.Create(w.ctx, newClaim(w.gip("a"), netip.MustParseAddr("242.0.9.1"))))
		require.NoError(w, w.Client.Create(w.ctx, newClaim(former("a"), netip.MustParseAddr("242.0.9.2"))))
	})

	delete(kept, "b") // for as long as there is none to publish it
	step(func() { w.abandon("b") })
	kept["b"] = "242.0.0.1"

	delete(kept, "b") // as an orphan
	step(func() {
		w.abandon("b")
		w.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("b")})
	})
	step(func() { require.NoError(w, w.Client.Create(w.ctx, &mcsv1alpha1.ServiceExport{ObjectMeta: named("b")})) })
	kept["b"] = "242.0.0.1"

	delete(kept, "a")
	step(func() {
		w.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("a")})
		w.export("c")
	})
	kept["c"] = "242.0.0.2"

	delete(kept, "b")
	step(func() {
		w.remove(&corev1.Service{ObjectMeta: named("b")})
		require.NoError(w, w.Client.Create(w.ctx, newService("b")))
	})
	kept["b"] = "242.0.0.1"

	step(func() {})
}

func TestEveryCallMayFail(t *testing.T) {
	calm := newWorld(t, "242.0.0.0/30")
	calls := 0
	calm.before = func(string) error { calls++; return nil }
	life(calm, func() { require.Empty(t, calm.drive()) })
	require.Greater(t, calls, 30)

	failures := map[string]error{
		"timeout": apierrors.NewTimeoutError("no answer", 0),
		"server":  apierrors.NewInternalError(fmt.Errorf("etcd is unwell")),
	}

	effects := []string{"lost", "applied"}

	for n := range calls {
		chosen := effects
		if !*everyEffect {
			chosen = effects[n%2 : n%2+1]
		}

		for i, effect := range chosen {
			failure, crash := failures["timeout"], (n/2+i)%2 == 0
			if n%4 > 1 {
				failure = failures["server"]
			}

			name := fmt.Sprintf("call %d %s crash=%t", n, effect, crash)
			if !t.Run(name, func(t *testing.T) { failOnce(t, n, effect == "applied", crash, failure) }) {
				return
			}
		}
	}
}

// Nothing that fails is swallowed, nor taken for absence; a look-up in the cache is no
// exception, though that fails only when something is wrong with the program. Every
// call and every look-up fails once for each way that leads to it.
func TestEveryFailureIsTold(t *testing.T) {
	w := newWorld(t, "242.0.0.0/30")
	ways := map[string]bool{}
	w.lookedUp = func() error {
		stack := make([]uintptr, 32)
		way := fmt.Sprint(stack[:runtime.Callers(3, stack)])

		if ways[way] || w.failed != nil { // one at a time: the next would hide that this one is swallowed
			return nil
		}

		ways[way] = true

		return fmt.Errorf("failure %d", len(ways))
	}
	w.before = func(string) error { return w.lookedUp() }

	life(w, func() {
		var left []error
		for before := -1; before < len(ways); {
			before = len(ways)
			left = w.drive()
		}

		require.Empty(t, left)
	})
	assert.Len(t, w.claimed(), 2)
	assert.Greater(t, len(ways), 150)
}

// failOnce lives through everything with the n-th call failing.
func failOnce(t *testing.T, n int, applied, crash bool, failure error) {
	t.Helper()

	w := newWorld(t, "242.0.0.0/30")
	calls, crashed := 0, false
	fail := func(string) error {
		if calls++; calls-1 == n {
			crashed = crash

			return failure
		}

		if crashed {
			return failure // from here on nothing gets through
		}

		return nil
	}

	if applied {
		w.after = fail
	} else {
		w.before = fail
	}

	life(w, func() {
		for range 100 {
			writes := len(w.writes)
			if len(w.round()) == 0 && len(w.writes) == writes {
				return
			}

			if crashed {
				crashed = false
				w.restart()
			}
		}

		require.Fail(t, "the world does not come to rest")
	})

	assert.Len(t, w.claimed(), 2)
}
